import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { KeydeskError } from '../../domain/errors.ts'
import { storableText } from '../../domain/storable-text.ts'
import type { Metrics } from '../../services/metrics.ts'
import type { Callers } from '../callers.ts'
import type { AppEnvironment } from '../environment.ts'

/**
 * Gives every request an id, says who is calling, and writes one log line when it is answered. The line names the route,
 * never the URL: a query may hold a code, and a path may hold a key that somebody pasted.
 */
export function requestContext(options: {
  log: Logger
  callers: Callers
  nextRequestId: () => string
  responseHeaders: Readonly<Record<string, string>>
  metrics: Metrics
}): MiddlewareHandler<AppEnvironment> {
  const { callers, nextRequestId, metrics } = options
  const always = Object.entries(options.responseHeaders)

  return async function requestContextMiddleware(c, next) {
    const begunAt = performance.now()
    const requestId = nextRequestId()
    const log = options.log.child({ request_id: requestId })
    for (const [name, value] of always) c.header(name, value)
    c.header('X-Request-Id', requestId)
    c.set('requestId', requestId)
    c.set('log', log)
    const caller = callers(c.env?.incoming?.socket.remoteAddress, c.req.header('x-forwarded-for'))
    const userAgent = c.req.header('user-agent')
    c.set('caller', caller)
    c.set('origin', {
      requestId,
      address: caller.address,
      userAgent: userAgent === undefined ? null : storableText(userAgent, 400),
    })
    requireCanonicalPath(c.env?.incoming?.url, c.req.path)
    await next()
    const milliseconds = performance.now() - begunAt
    const route = routePath(c, -1)
    const { status } = c.res
    metrics.observeRequest(route, status, milliseconds)
    log.info(
      {
        method: c.req.method,
        route,
        status,
        ms: Math.round(milliseconds * 10) / 10,
        address: caller.address,
      },
      'request',
    )
  }
}

/**
 * The parser of URLs takes `/./`, `/../` and their encoded forms out of a path. Whoever limits a path in front of us sees
 * the path as it was sent, so only one spelling is answered.
 * @throws KeydeskError `not_found`
 */
function requireCanonicalPath(sent: string | undefined, path: string): void {
  // Absolute form (a proxy's) and the path of a test without a socket have nothing to compare.
  if (sent === undefined || !sent.startsWith('/')) return
  if (sent === path || (sent.startsWith(path) && sent[path.length] === '?')) return
  throw new KeydeskError('not_found', { message: 'There is nothing at this address.' })
}

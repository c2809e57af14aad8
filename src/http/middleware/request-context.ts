import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { storableText } from '../../domain/storable-text.ts'
import type { Metrics } from '../../services/metrics.ts'
import type { AppEnvironment } from '../environment.ts'

/**
 * Gives every request an id and writes one log line when it is answered. The line names the route, never the URL: a query
 * may hold a code, and a path may hold a key that somebody pasted.
 */
export function requestContext(options: {
  log: Logger
  nextRequestId: () => string
  responseHeaders: Readonly<Record<string, string>>
  metrics: Metrics
}): MiddlewareHandler<AppEnvironment> {
  const { nextRequestId, metrics } = options
  const always = Object.entries(options.responseHeaders)

  return async function requestContextMiddleware(c, next) {
    const begunAt = performance.now()
    const requestId = nextRequestId()
    const log = options.log.child({ request_id: requestId })
    for (const [name, value] of always) c.header(name, value)
    c.header('X-Request-Id', requestId)
    c.set('requestId', requestId)
    c.set('log', log)
    const userAgent = c.req.header('user-agent')
    c.set('origin', {
      requestId,
      address: null,
      userAgent: userAgent === undefined ? null : storableText(userAgent, 400),
    })
    await next()
    const milliseconds = performance.now() - begunAt
    const route = routePath(c, -1)
    const { status } = c.res
    const { address } = c.get('origin')
    metrics.observeRequest(route, status, milliseconds)
    const ms = Math.round(milliseconds * 10) / 10
    log.info({ method: c.req.method, route, status, ms, address }, 'request')
  }
}

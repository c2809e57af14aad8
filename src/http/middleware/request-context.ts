import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { type AddressRange, callerOf } from '../../domain/client-address.ts'
import { KeydeskError } from '../../domain/errors.ts'
import { randomText } from '../../domain/random-text.ts'
import { storableText } from '../../domain/storable-text.ts'
import type { AppEnvironment } from '../environment.ts'

/**
 * Gives every request an id, says who is calling, and writes one log line when it is answered. The line names the route,
 * never the URL: a query may hold a code, and a path may hold a key that somebody pasted.
 */
export function requestContext(options: {
  log: Logger
  trustedProxies: readonly AddressRange[]
}): MiddlewareHandler<AppEnvironment> {
  const processPart = randomText(8)
  let count = 0

  return async function requestContextMiddleware(c, next) {
    const begunAt = performance.now()
    count += 1
    const requestId = `req_${processPart}${count.toString(36).padStart(6, '0')}`
    const log = options.log.child({ request_id: requestId })
    c.set('requestId', requestId)
    c.set('log', log)
    c.header('X-Request-Id', requestId)
    const caller = callerOf(peerOf(c), c.req.header('x-forwarded-for'), options.trustedProxies)
    c.set('caller', caller ?? { address: null, viaTrustedProxy: false })
    const userAgent = c.req.header('user-agent')
    c.set('origin', {
      requestId,
      address: caller?.address ?? null,
      userAgent: userAgent === undefined ? null : storableText(userAgent, 400),
    })
    if (caller === null) {
      throw new KeydeskError('invalid_request', {
        message: 'X-Forwarded-For holds something that is not an address.',
      })
    }
    await next()
    log.info(
      {
        method: c.req.method,
        route: routePath(c, -1),
        status: c.res.status,
        ms: Math.round((performance.now() - begunAt) * 10) / 10,
        address: caller.address,
      },
      'request',
    )
  }
}

function peerOf(c: Context<AppEnvironment>): string | undefined {
  return c.env?.incoming?.socket.remoteAddress
}

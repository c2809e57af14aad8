import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import type { AppEnvironment } from '../environment.ts'

/**
 * Refuses a credential that reached a trusted proxy over plain http, where AUTH_BASE_URL is https. It is refused, not
 * redirected: the secret is on the wire already, and its owner should notice. Direct calls inside the network pass.
 */
export function refusePlainHttp(baseUrl: string): MiddlewareHandler<AppEnvironment> {
  const isHttps = baseUrl.startsWith('https:')

  return async function refusePlainHttpMiddleware(c, next) {
    const forwarded = c.req.header('x-forwarded-proto')
    if (isHttps && forwarded !== undefined && c.get('caller').viaTrustedProxy) {
      const [outermost] = forwarded.split(',')
      if (outermost?.trim().toLowerCase() !== 'https') {
        throw new KeydeskError('forbidden', {
          message:
            'This was sent over plain http, where anybody on the way can read it. Use https, and revoke the key.',
        })
      }
    }
    await next()
  }
}

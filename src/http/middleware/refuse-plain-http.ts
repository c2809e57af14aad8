import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import type { AppEnvironment } from '../environment.ts'

/** Refuses a credential that came over plain http; see `requireHttps`. */
export function refusePlainHttp(baseUrl: string): MiddlewareHandler<AppEnvironment> {
  return async function refusePlainHttpMiddleware(c, next) {
    requireHttps(baseUrl, c.get('caller').viaTrustedProxy, c.req.header('x-forwarded-proto'))
    await next()
  }
}

/**
 * Refuses a credential that reached a trusted proxy over plain http, where AUTH_BASE_URL is https. It is refused, not
 * redirected: the secret is on the wire already, and its owner should notice. Direct calls inside the network pass.
 * @throws KeydeskError `forbidden`
 */
export function requireHttps(
  baseUrl: string,
  viaTrustedProxy: boolean,
  forwardedProto: string | undefined,
): void {
  if (forwardedProto === undefined || !viaTrustedProxy || !baseUrl.startsWith('https:')) return
  const [outermost] = forwardedProto.split(',')
  if (outermost?.trim().toLowerCase() === 'https') return
  throw new KeydeskError('forbidden', {
    message:
      'This was sent over plain http, where anybody on the way can read it. Use https, and revoke the key.',
  })
}

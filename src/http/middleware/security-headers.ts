import type { MiddlewareHandler } from 'hono'
import type { AppEnvironment } from '../environment.ts'

const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "object-src 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The headers that every answer carries (ASVS 5.0 §3.4). HSTS only where the public URL is https. */
export function securityHeaders(baseUrl: string): MiddlewareHandler<AppEnvironment> {
  const isHttps = baseUrl.startsWith('https:')

  return async function securityHeadersMiddleware(c, next) {
    c.header('Content-Security-Policy', contentSecurityPolicy)
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('X-Frame-Options', 'DENY')
    c.header('Referrer-Policy', 'no-referrer')
    c.header('Cross-Origin-Opener-Policy', 'same-origin')
    c.header('Cross-Origin-Resource-Policy', 'same-origin')
    // Assets say otherwise for themselves.
    c.header('Cache-Control', 'no-store')
    if (isHttps) c.header('Strict-Transport-Security', 'max-age=63072000')
    await next()
  }
}

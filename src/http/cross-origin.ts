import type { AppEnvironment } from './environment.ts'

/** Where pages of other origins may call at all: what holds no session, and nothing of the admin API. */
const openPaths = /^\/(?:v1\/|auth\/exchange$|\.well-known\/)/

const exposed = [
  'X-Request-Id',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-Key-Lease-Until',
  'X-Key-Retires-At',
].join(', ')

/** What a page that asks beforehand is told. Ten minutes, so that an origin that is taken off the list is off it soon. */
export const preflightHeaders = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST',
  'Access-Control-Allow-Headers': 'X-API-Key, Authorization, Content-Type, Idempotency-Key',
  'Access-Control-Max-Age': '600',
} as const

/** Which pages of other origins may call Keydesk, and read what it answers (CORS). */
export interface CrossOrigin {
  /** Whether a page at `origin` may call this path. */
  allows(origin: string | undefined, path: string): boolean
  /** An answer for this path, errors too, that a page at `origin` can read where it may. */
  readable(response: Response, origin: string | undefined, path: string): Response
}

/**
 * Exact origins, never `*`, and never with credentials of the browser: a page shows a key or a JWT, or it is a stranger.
 * Null where the list is empty, so that nobody pays for what nobody uses.
 */
export function createCrossOrigin(origins: readonly string[], baseUrl: string): CrossOrigin | null {
  // Our own pages are no strangers, whatever the list says.
  const allowed = new Set(origins.filter((origin) => origin !== baseUrl))
  if (allowed.size === 0) return null
  const allows = (origin: string | undefined, path: string): origin is string =>
    origin !== undefined && allowed.has(origin) && openPaths.test(path)
  return {
    allows,
    readable(response, origin, path) {
      if (!openPaths.test(path)) return response
      // Also where the origin may not: a cache must not hand what one may read to another (Fetch §4.10).
      response.headers.append('Vary', 'Origin')
      if (!allows(origin, path)) return response
      response.headers.set('Access-Control-Allow-Origin', origin)
      response.headers.set('Access-Control-Expose-Headers', exposed)
      return response
    },
  }
}

/** The Origin of a request as it came over the wire: to build a Headers object would cost more than an answer. */
export function originOf(request: Request, { incoming }: AppEnvironment['Bindings']): string | undefined {
  const lines = incoming?.rawHeaders
  if (lines === undefined) return request.headers.get('origin') ?? undefined
  let origin: string | undefined
  for (let index = 0; index + 1 < lines.length; index += 2) {
    if (lines[index]?.length !== 6 || lines[index]?.toLowerCase() !== 'origin') continue
    // Of two nobody knows which is meant: together they are none that is allowed.
    origin = origin === undefined ? lines[index + 1] : `${origin}, ${lines[index + 1]}`
  }
  return origin
}

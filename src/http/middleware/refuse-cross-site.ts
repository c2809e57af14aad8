import type { Context, MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import type { CrossOrigin } from '../cross-origin.ts'
import type { AppEnvironment } from '../environment.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])
const ownSites = new Set(['same-origin', 'none'])

/** Refuses what changes state when a browser says that another site asked for it, and may not (ASVS 5.0 §3.5.1). */
export function refuseCrossSite(
  baseUrl: string,
  crossOrigin: CrossOrigin | null,
): MiddlewareHandler<AppEnvironment> {
  return async function refuseCrossSiteMiddleware(c, next) {
    requireOwnSite(c, baseUrl, crossOrigin)
    await next()
  }
}

/** The same for one request, of which it leaves whether another site asks that may. @throws KeydeskError `forbidden` */
export function requireOwnSite(
  c: Context<AppEnvironment>,
  baseUrl: string,
  crossOrigin: CrossOrigin | null,
): void {
  if (crossOrigin?.allows(c.req.header('origin'), c.req.path) === true) {
    c.set('isOtherSite', true)
    return
  }
  if (safeMethods.has(c.req.method)) return
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  // Under `no-referrer` a browser hides the origin of its own page's form, and says by the other header that it is ours.
  const isHidden = origin === 'null' && site === 'same-origin'
  const isForeign = origin !== undefined && origin !== baseUrl && !isHidden
  if ((site !== undefined && !ownSites.has(site)) || isForeign) {
    throw new KeydeskError('forbidden', { message: 'A page of another site may not ask for this.' })
  }
}

/**
 * For what a cookie alone opens: a browser has to say that a page of ours asked. What says nothing is refused.
 * @throws KeydeskError `forbidden`
 */
export function requireSameOrigin(c: Context<AppEnvironment>, baseUrl: string): void {
  if (safeMethods.has(c.req.method)) return
  const [site, origin] = [c.req.header('sec-fetch-site'), c.req.header('origin')]
  const isProven = site === 'same-origin' || (site === undefined && origin === baseUrl)
  if (isProven) return
  throw new KeydeskError('forbidden', {
    message:
      'With a session, only a page of Keydesk may ask for this. Scripts use the master key, or a key of an admin.',
  })
}

/**
 * For reads that cost much, where a cookie alone opens them: a page of another site, a sibling's too, must not begin them.
 * @throws KeydeskError `forbidden`
 */
export function requireNoOtherSite(c: Context<AppEnvironment>): void {
  const site = c.req.header('sec-fetch-site')
  if (site === undefined || ownSites.has(site)) return
  throw new KeydeskError('forbidden', { message: 'A page of another site may not ask for this.' })
}

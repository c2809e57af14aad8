import type { ForwardedRequest, ProxyName } from './forwarded-request.ts'
import { loginSearch } from './login-search.ts'
import { parseReturnTo, type ReturnOrigin } from './return-to.ts'

/** What a client says of the request it makes, one text for each header; undefined where it says nothing. */
export interface RequestMarks {
  readonly secFetchMode: string | undefined
  readonly requestedWith: string | undefined
  readonly accept: string | undefined
  readonly contentType: string | undefined
  readonly upgrade: string | undefined
  readonly webSocketKey: string | undefined
}

/** `navigation`: somebody at a browser goes there. `call`: a program, by its own word. `unknown`: nothing says which. */
export type Approach = 'navigation' | 'call' | 'unknown'

/** Fetch Metadata decides where there is any, else the mark of XHR, else what is accepted. */
export function approachOf(marks: RequestMarks): Approach {
  const { secFetchMode, requestedWith, accept, contentType, upgrade, webSocketKey } = marks
  if (webSocketKey !== undefined || /websocket/i.test(upgrade ?? '')) return 'call'
  if (/^application\/grpc/i.test(contentType ?? '')) return 'call'
  if (secFetchMode !== undefined) return secFetchMode === 'navigate' ? 'navigation' : 'call'
  if (/^xmlhttprequest$/i.test(requestedWith ?? '')) return 'call'
  if (/(^|,)\s*text\/html\s*(;|,|$)/i.test(accept ?? '')) return 'navigation'
  return accept === undefined || /^\s*(\*\/\*\s*(;[^,]*)?)?$/.test(accept) ? 'unknown' : 'call'
}

/** Where whoever shows no credential is led. */
export type WayIn =
  | { readonly kind: 'redirect'; readonly status: 302 | 303; readonly location: string }
  /** 401; on nginx with the address of the sign-in, which `error_page` makes a redirect of. */
  | { readonly kind: 'unauthenticated'; readonly location: string | null }
  /** Nobody may be sent back to this app: a sign-in would end elsewhere. */
  | { readonly kind: 'no_way_back' }

interface Site {
  /** AUTH_BASE_URL. */
  readonly baseUrl: string
  readonly returnOrigins: readonly ReturnOrigin[]
  /** Whether anybody can sign in here at all. */
  readonly canSignIn: boolean
}

/** What to answer to a request without a credential. Only navigations have a return target. */
export function wayIn(proxy: ProxyName, approach: Approach, asked: ForwardedRequest, site: Site): WayIn {
  const { baseUrl, canSignIn } = site
  if (approach !== 'navigation' || !canSignIn) {
    // Ours does not follow this one: it is there for whoever wants to know where the desk is.
    const isTold = proxy === 'nginx' && approach === 'unknown' && canSignIn
    return { kind: 'unauthenticated', location: isTold ? `${baseUrl}/auth/login?return_to=%2F` : null }
  }
  // What changes something is never sent again by a sign-in.
  const isRead = asked.method === 'GET' || asked.method === 'HEAD'
  const returnTo = returnTarget(asked, isRead, site)
  if (returnTo === null) return { kind: 'no_way_back' }
  const location = `${baseUrl}/auth/login${loginSearch(returnTo, false)}`
  if (proxy === 'nginx') return { kind: 'unauthenticated', location }
  return { kind: 'redirect', status: isRead ? 302 : 303, location }
}

/** The URL that was asked, or where it is too long the front of the app; null where nobody may be sent back there. */
export function returnTarget(
  { origin, target }: ForwardedRequest,
  isWhole: boolean,
  { baseUrl, returnOrigins }: Omit<Site, 'canSignIn'>,
): string | null {
  const whole = isWhole ? parseReturnTo(`${origin}${writeOut(target)}`, baseUrl, returnOrigins) : null
  return (whole ?? parseReturnTo(`${origin}/`, baseUrl, returnOrigins))?.href ?? null
}

/** Browsers send some characters as they are that no URL may hold (RFC 3986); encoded they say the same. */
function writeOut(target: string): string {
  return target.replaceAll(
    /[^!#-;=?-[\]_a-z~]/g,
    // The bytes of a header came as characters, one each.
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

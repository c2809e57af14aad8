import { isOwnJwt } from './jwt-claims.ts'
import { looksLikeKeyText } from './key-text.ts'

/** What of a request may hold a credential: each header line, and each cookie that came exactly once. */
export interface ShownCredentials {
  readonly apiKeys: readonly string[]
  readonly authorizations: readonly string[]
  readonly sessionCookie: string | undefined
  readonly appCookie: string | undefined
  /** The query of what was asked of the app. */
  readonly query: string
}

/** `bad`: something was shown that cannot be a credential, and nothing else counts then. */
export type ProxyCredential =
  | { readonly kind: 'key' | 'jwt' | 'session' | 'app_session'; readonly text: string }
  | { readonly kind: 'bad'; readonly message: string }
  | { readonly kind: 'none' }

const inUrl =
  'A key in the URL is never read. Send it as the header X-API-Key, and revoke this one: URLs are logged.'
const two = 'Two credentials were sent. Send the key once, as X-API-Key or as Authorization: Bearer.'

/**
 * Chooses the one credential of a request through a proxy. The first that is shown decides, and no other is tried where it
 * is bad. An app's own Authorization is none: ours has the prefix of our keys, or is a JWT that we issued.
 */
export function createChooseCredential({ keyPrefix, issuer }: { keyPrefix: string; issuer: string }) {
  const startOfOwn = startOfPayload(issuer)

  return function chooseCredential(shown: ShownCredentials): ProxyCredential {
    const { apiKeys, authorizations, sessionCookie, appCookie, query } = shown
    if (query !== '' && looksLikeKeyText(query)) return { kind: 'bad', message: inUrl }
    const own = authorizations.map(ownCredential).find((credential) => credential !== null)
    const [apiKey] = apiKeys
    if (apiKeys.length > 1 || (apiKey !== undefined && own !== undefined))
      return { kind: 'bad', message: two }
    if (apiKey !== undefined) return { kind: 'key', text: apiKey }
    if (own !== undefined) return authorizations.length > 1 ? { kind: 'bad', message: two } : own
    if (sessionCookie !== undefined) return { kind: 'session', text: sessionCookie }
    return appCookie === undefined ? { kind: 'none' } : { kind: 'app_session', text: appCookie }
  }

  function ownCredential(authorization: string): ProxyCredential | null {
    const text = /^bearer +(.*)$/i.exec(authorization)?.[1]
    if (text === undefined) return null
    if (text.startsWith(startOfOwn, text.indexOf('.') + 1)) return { kind: 'jwt', text }
    if (text.startsWith(`${keyPrefix}_`) || looksLikeKeyText(text)) return { kind: 'key', text }
    return isOwnJwt(text, issuer) ? { kind: 'jwt', text } : null
  }
}

/**
 * How the payload of a JWT begins that we wrote: a quick look, which spares the JWTs of every request a parser. It reaches past
 * the end of the issuer, so that no longer name passes for ours; a JWT that is written otherwise is read.
 */
function startOfPayload(issuer: string): string {
  const start = Buffer.from(`{"iss":${JSON.stringify(issuer)},"aud":`, 'utf8')
  return start.subarray(0, start.length - (start.length % 3)).toString('base64url')
}

import { equalInConstantTime } from './constant-time.ts'
import { openSealed, seal } from './sealed-text.ts'
import { stateRandomPart, stateTime } from './signed-state.ts'

/**
 * One sign-in, from `/auth/login` to `/auth/callback`. It lives only in a sealed cookie of the browser that began it,
 * which binds the state to that browser (RFC 9700 §4.7).
 */
export interface SignInAttempt {
  readonly nonce: string
  readonly provider: string
  readonly codeVerifier: string
  readonly openIdNonce: string
  readonly purpose: SignInPurpose
}

/** What is to come of a sign-in: a new key, a session, or one more identity for whoever holds a session. */
export type SignInPurpose =
  | { readonly kind: 'key' }
  | {
      readonly kind: 'session'
      readonly returnTo: string
      /** Of the app that gets a one-time code with which only it can do anything (RFC 7636). */
      readonly codeChallenge?: string
    }
  | { readonly kind: 'link'; readonly sessionId: string; readonly userId: string }

export interface AttemptCookie {
  readonly name: string
  readonly value: string
}

type SealedForm = [
  nonce: string,
  provider: string,
  codeVerifier: string,
  openIdNonce: string,
  purpose: SignInPurpose,
]

const namePrefix = '__Host-keydesk-attempt-'
/** What the attempt cookies of one browser may hold together, so that no server refuses its headers. */
const cookieBytesMax = 6000

/** The name of the cookie of an attempt: one for each, so that parallel sign-ins do not disturb one another. */
export function attemptCookieName(nonce: string): string {
  return namePrefix + stateRandomPart(nonce)
}

/** Whether a cookie has the name of one of ours; anything else is left alone, and never named in an answer. */
export function isAttemptCookie(name: string): boolean {
  return name.startsWith(namePrefix) && /^[A-Za-z0-9_-]{1,64}$/.test(name.slice(namePrefix.length))
}

/** Seals an attempt into its cookie. */
export function sealAttempt(attempt: SignInAttempt, key: Uint8Array): AttemptCookie {
  const name = attemptCookieName(attempt.nonce)
  const { nonce, provider, codeVerifier, openIdNonce, purpose } = attempt
  const form: SealedForm = [nonce, provider, codeVerifier, openIdNonce, purpose]
  return { name, value: seal(JSON.stringify(form), key, name) }
}

/** Opens the cookie of the attempt with this nonce, or answers null: not ours, not whole, or another attempt's. */
export function openAttempt(value: string, nonce: string, key: Uint8Array): SignInAttempt | null {
  const attempt = openNamed({ name: attemptCookieName(nonce), value }, key)
  return attempt !== null && equalInConstantTime(attempt.nonce, nonce) ? attempt : null
}

/**
 * Which of the attempt cookies that a browser shows must give way to `fresh`: what cannot be opened, what has expired,
 * and then the oldest until all that stay fit together.
 */
export function attemptCookiesToDrop(
  shown: readonly AttemptCookie[],
  fresh: AttemptCookie,
  key: Uint8Array,
  expiredBefore: Date,
): string[] {
  const dated = shown.map((cookie) => {
    const attempt = openNamed(cookie, key)
    return { cookie, begunAt: attempt === null ? 0 : stateTime(attempt.nonce).getTime() }
  })
  let bytes = cookieBytes(fresh)
  const dropped: string[] = []
  for (const { cookie, begunAt } of dated.sort((a, b) => b.begunAt - a.begunAt)) {
    const fits = bytes + cookieBytes(cookie) <= cookieBytesMax
    if (begunAt >= expiredBefore.getTime() && fits) bytes += cookieBytes(cookie)
    else dropped.push(cookie.name)
  }
  return dropped
}

function openNamed(cookie: AttemptCookie, key: Uint8Array): SignInAttempt | null {
  const opened = openSealed(cookie.value, key, cookie.name)
  if (opened === null) return null
  // Guarantee: the seal proves that we wrote it, in this form; a change of the form changes the derived key's name.
  const [nonce, provider, codeVerifier, openIdNonce, purpose] = JSON.parse(opened) as SealedForm
  return { nonce, provider, codeVerifier, openIdNonce, purpose }
}

function cookieBytes(cookie: AttemptCookie): number {
  return cookie.name.length + cookie.value.length + 3
}

import { randomBytes } from 'node:crypto'
import type { AccessRules } from '../domain/access-rules.ts'
import { emailDomain } from '../domain/email-address.ts'
import { type AttemptCookie, attemptCookiesToDrop, sealAttempt } from '../domain/sign-in-attempt.ts'
import { newState } from '../domain/signed-state.ts'
import type { Provider } from '../sso/provider.ts'

export type BeginSignIn = ReturnType<typeof createBeginSignIn>

/**
 * Begins a sign-in: nothing is stored here, everything that the callback needs goes into a sealed cookie.
 * @throws KeydeskError `provider_error`
 */
export function createBeginSignIn(dependencies: {
  provider: Provider
  stateKey: Uint8Array
  attemptKey: Uint8Array
  stateTtlSeconds: number
  rules: AccessRules
  now: () => Date
}) {
  const { provider, stateKey, attemptKey, stateTtlSeconds, now } = dependencies
  const hostedDomain = hostedDomainHint(dependencies.rules)

  return async function beginSignIn(shownCookies: readonly AttemptCookie[]) {
    const { state, nonce } = newState(stateKey, now())
    const openIdNonce = randomBytes(24).toString('base64url')
    const { url, codeVerifier } = await provider.begin({ state, openIdNonce, hostedDomain })
    const cookie = sealAttempt({ nonce, provider: provider.id, codeVerifier, openIdNonce }, attemptKey)
    const expiredBefore = new Date(now().getTime() - stateTtlSeconds * 1000)
    const cookiesToDrop = attemptCookiesToDrop(shownCookies, cookie, attemptKey, expiredBefore)
    return { url, cookie, cookiesToDrop: cookiesToDrop.slice(0, dropsMax) }
  }
}

/** Each is a line of the answer, and proxies take only so many. The rest gives way next time. */
const dropsMax = 20

/** Google's `hd` parameter narrows the account chooser; it is only sent where it hides nobody who may come in. */
function hostedDomainHint(rules: AccessRules): string | null {
  const [domain, ...others] = rules.allowedDomains
  if (domain === undefined || others.length > 0) return null
  const listed = [...rules.allowedEmails, ...rules.adminEmails]
  return listed.every((email) => emailDomain(email) === domain) ? domain : null
}

import { randomBytes } from 'node:crypto'
import type { AccessPolicy } from '../domain/access-policy.ts'
import { emailDomain } from '../domain/email-address.ts'
import {
  type AttemptCookie,
  attemptCookiesToDrop,
  type SignInPurpose,
  sealAttempt,
} from '../domain/sign-in-attempt.ts'
import { newState } from '../domain/signed-state.ts'
import type { Provider } from '../sso/provider.ts'
import type { Storage } from '../storage/storage.ts'
import type { Access } from './access-policies.ts'

export type BeginSignIn = ReturnType<typeof createBeginSignIn>

/**
 * Begins a sign-in: nothing is stored here, everything that the callback needs goes into a sealed cookie.
 * @throws KeydeskError `provider_error`
 */
export function createBeginSignIn(dependencies: {
  storage: Storage
  access: Access
  signUp: 'open' | 'invited'
  stateKey: Uint8Array
  attemptKey: Uint8Array
  stateTtlSeconds: number
  now: () => Date
}) {
  const { storage, access, signUp, stateKey, attemptKey, stateTtlSeconds, now } = dependencies

  /** Worked out once for each set of rules: the external list may be long. */
  const onlyDomains = new WeakMap<AccessPolicy, { readonly name: string | null }>()

  return async function beginSignIn(
    provider: Provider,
    purpose: SignInPurpose,
    shownCookies: readonly AttemptCookie[],
    /** Whether the person wants another account than the one that the provider would take by itself. */
    choosesAccount: boolean,
  ) {
    const { state, nonce } = newState(stateKey, now())
    const openIdNonce = randomBytes(24).toString('base64url')
    const hostedDomain = provider.id === 'google' ? await hostedDomainHint().catch(() => null) : null
    const { url, codeVerifier } = await provider.begin({
      state,
      openIdNonce,
      hostedDomain,
      choosesAccount,
    })
    const attempt = { nonce, provider: provider.id, codeVerifier, openIdNonce, purpose }
    const cookie = sealAttempt(attempt, attemptKey)
    const expiredBefore = new Date(now().getTime() - stateTtlSeconds * 1000)
    const cookiesToDrop = attemptCookiesToDrop(shownCookies, cookie, attemptKey, expiredBefore)
    return { url, cookie, cookiesToDrop: cookiesToDrop.slice(0, dropsMax) }
  }

  /**
   * Google's `hd` parameter narrows the account chooser; it is only sent where it hides nobody who may come in. It is a
   * hint: where the database does not answer, there is none.
   */
  async function hostedDomainHint(): Promise<string | null> {
    const policy = (await access.fresh()).forSignIn()
    const domain = onlyDomains.get(policy) ?? { name: onlyDomainOf(policy) }
    onlyDomains.set(policy, domain)
    if (domain.name === null || signUp === 'invited') return null
    return (await storage.invitations.anyOpen('google', now())) ? null : domain.name
  }
}

/** Each is a line of the answer, and proxies take only so many. The rest gives way next time. */
const dropsMax = 20

/** The one domain at Google that everybody who may come in has. */
function onlyDomainOf(policy: AccessPolicy): string | null {
  const ofGoogle = (names: ReadonlySet<string>) =>
    [...names].filter((name) => name.startsWith('google ')).map((name) => name.slice('google '.length))
  const [domain, ...others] = ofGoogle(policy.allowedDomains)
  if (domain === undefined || others.length > 0) return null
  const listed = [...ofGoogle(policy.allowedEmails), ...ofGoogle(policy.admins)]
  return listed.every((email) => emailDomain(email) === domain) ? domain : null
}

import { type AccessRules, judgeAdmission } from '../domain/access-rules.ts'
import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { type ClaimsRefusal, readIdentityClaims } from '../domain/identity-claims.ts'
import type { Provider } from '../sso/provider.ts'
import type { Storage } from '../storage/storage.ts'
import type { CallbackRequest, createCheckCallback } from './check-callback.ts'
import type { Metrics } from './metrics.ts'
import type { MintSsoKey, SignedIn } from './mint-sso-key.ts'
import type { RecordRefusal } from './record-refusal.ts'

export type FinishSignIn = ReturnType<typeof createFinishSignIn>

/**
 * Finishes a sign-in: proves the callback, redeems the code, decides who may come in, and mints a key. The user, the key
 * and their audit events land together or not at all.
 * @throws KeydeskError for every refusal, each of which is in the audit trail before it is answered.
 */
export function createFinishSignIn(dependencies: {
  storage: Storage
  provider: Provider
  checkCallback: ReturnType<typeof createCheckCallback>
  mintSsoKey: MintSsoKey
  recordRefusal: RecordRefusal
  rules: AccessRules
  metrics: Metrics
  now: () => Date
}) {
  const { storage, provider, checkCallback, mintSsoKey, recordRefusal, rules, metrics, now } = dependencies

  return async function finishSignIn(request: CallbackRequest, origin: Origin): Promise<SignedIn> {
    try {
      const signedIn = await finish(request, origin)
      metrics.countSignIn('succeeded')
      return signedIn
    } catch (error) {
      metrics.countSignIn(error instanceof KeydeskError ? error.code : 'internal')
      throw error
    }
  }

  async function finish(request: CallbackRequest, origin: Origin): Promise<SignedIn> {
    const answer = await unproven(origin, async () => {
      const { code, codeVerifier, openIdNonce } = await checkCallback(request)
      return provider.redeem({ code, codeVerifier, openIdNonce })
    })
    const reading = readIdentityClaims(answer.idToken, answer.userInfo, provider.issuer)
    if (reading.outcome === 'refused') {
      return refuse(claimsRefused(reading.reason), reading.email, origin)
    }
    const { claims } = reading
    const admission = judgeAdmission({ provider: provider.id, email: claims.email, hd: claims.hd }, rules)
    if (admission.outcome === 'refused') return refuse(notCovered(admission.reason), claims.email, origin)
    try {
      return await mintSsoKey(
        { provider: provider.id, issuer: provider.issuer, claims, role: admission.role },
        origin,
      )
    } catch (error) {
      if (error instanceof KeydeskError && error.reason !== undefined)
        return refuse(error, claims.email, origin)
      throw error
    }
  }

  /** Runs what happens before anybody is known; its refusals are one row for each address and minute. */
  async function unproven<Result>(origin: Origin, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof KeydeskError && error.reason !== undefined) {
        await recordRefusal('sign_in.refused', error.reason, origin)
      }
      throw error
    }
  }

  /** A refusal of somebody whom the provider has proven: always a row of its own. */
  async function refuse(error: KeydeskError, email: string | null, origin: Origin): Promise<never> {
    const event = auditEvent({
      at: now(),
      action: 'sign_in.refused',
      actor: 'anonymous',
      facts: { reason: error.reason, provider: provider.id },
      email,
      origin,
    })
    await storage.atomically((tx) => storage.audit.record(tx, event))
    throw error
  }
}

function claimsRefused(reason: ClaimsRefusal): KeydeskError {
  if (reason === 'email_unverified') {
    return new KeydeskError('email_unverified', {
      message: 'Your provider has not verified your email address. Verify it there, then start again.',
      reason,
    })
  }
  if (reason === 'no_email') {
    return new KeydeskError('not_allowed', {
      message: 'Your provider gave no email address that can be used here: it has to be plain ASCII.',
      reason,
    })
  }
  return new KeydeskError('provider_error', {
    message:
      'The sign-in provider did not say who you are in a way that we can rely on. Nothing was changed.',
    reason,
  })
}

function notCovered(reason: string): KeydeskError {
  return new KeydeskError('not_allowed', {
    message:
      'You signed in, but this account is not on the list of who may come in here. Use your work account, or ask an administrator.',
    reason,
  })
}

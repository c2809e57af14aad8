import type { Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { type ClaimsRefusal, readIdentityClaims } from '../domain/identity-claims.ts'
import type { CallbackRequest, CheckedCallback, createCheckCallback } from './check-callback.ts'
import type { LinkIdentity } from './link-identity.ts'
import type { Metrics } from './metrics.ts'
import type { MintSsoKey, SignedIn } from './mint-sso-key.ts'
import type { RecordRefusal } from './record-refusal.ts'
import type { RefuseSignIn } from './refuse-sign-in.ts'
import type { StartedSession, StartSession } from './start-session.ts'
import { withWayBack } from './way-back.ts'

/** What came of a sign-in. */
export type FinishedSignIn =
  | ({ readonly kind: 'key' } & SignedIn)
  | ({
      readonly kind: 'session'
      readonly returnTo: string
      /** Of the app at `returnTo`, where it asked for a one-time code. */
      readonly codeChallenge: string | null
    } & StartedSession)
  | { readonly kind: 'linked' }

export type FinishSignIn = ReturnType<typeof createFinishSignIn>

/**
 * Finishes a sign-in: proves the callback, redeems the code, and does what it was begun for: a key, a session, or one
 * more identity. What that makes, the user and the audit events land together or not at all.
 * @throws KeydeskError for every refusal, each of which is in the audit trail before it is answered.
 */
export function createFinishSignIn(dependencies: {
  checkCallback: ReturnType<typeof createCheckCallback>
  mintSsoKey: MintSsoKey
  startSession: StartSession
  linkIdentity: LinkIdentity
  recordRefusal: RecordRefusal
  refuseSignIn: RefuseSignIn
  metrics: Metrics
}) {
  const { checkCallback, mintSsoKey, startSession, linkIdentity } = dependencies
  const { recordRefusal, refuseSignIn, metrics } = dependencies

  return async function finishSignIn(
    request: CallbackRequest,
    shownSession: string | undefined,
    origin: Origin,
  ): Promise<FinishedSignIn> {
    try {
      const finished = await finish(request, shownSession, origin)
      metrics.countSignIn('succeeded')
      return finished
    } catch (error) {
      metrics.countSignIn(error instanceof KeydeskError ? error.code : 'internal')
      throw error
    }
  }

  async function finish(
    request: CallbackRequest,
    shownSession: string | undefined,
    origin: Origin,
  ): Promise<FinishedSignIn> {
    const checked = await unproven(origin, () => checkCallback(request))
    try {
      return await finishChecked(checked, shownSession, origin)
    } catch (error) {
      throw withWayBack(error, checked.attempt.purpose)
    }
  }

  async function finishChecked(
    { attempt, provider, code }: CheckedCallback,
    shownSession: string | undefined,
    origin: Origin,
  ): Promise<FinishedSignIn> {
    const { codeVerifier, openIdNonce } = attempt
    const answer = await unproven(origin, () => provider.redeem({ code, codeVerifier, openIdNonce }))
    const actorId = attempt.purpose.kind === 'link' ? attempt.purpose.userId : null
    const who = { provider: provider.id, issuer: provider.issuer }
    const reading = readIdentityClaims(answer.idToken, answer.userInfo, provider)
    if (reading.outcome === 'refused') {
      const { subject, email } = reading
      return refuseSignIn(
        claimsRefused(reading.reason).with({ provider: provider.id }),
        { ...who, subject, email, hd: undefined },
        origin,
        actorId,
      )
    }
    const { claims } = reading
    const proven = { ...who, claims }
    try {
      const { purpose } = attempt
      if (purpose.kind === 'key') return { kind: 'key', ...(await mintSsoKey(proven, origin)) }
      if (purpose.kind === 'session') {
        const started = await startSession(proven, shownSession, origin)
        const { returnTo, codeChallenge = null } = purpose
        return { kind: 'session', returnTo, codeChallenge, ...started }
      }
      await linkIdentity(proven, purpose.sessionId, shownSession, origin)
      return { kind: 'linked' }
    } catch (error) {
      if (error instanceof KeydeskError && error.reason !== undefined)
        return refuseSignIn(error.with({ provider: provider.id }), { ...who, ...claims }, origin, actorId)
      throw error
    }
  }

  /** Runs what happens before anybody is known; its refusals are one row for each address and minute. */
  async function unproven<Result>(origin: Origin, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof KeydeskError && error.reason !== undefined) {
        const facts = error.provider === undefined ? {} : { provider: error.provider }
        await recordRefusal('sign_in.refused', error.reason, origin, 'anonymous', facts)
      }
      throw error
    }
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

import { sha256 } from '../domain/constant-time.ts'
import { KeydeskError } from '../domain/errors.ts'
import { attemptCookieName, openAttempt, type SignInAttempt } from '../domain/sign-in-attempt.ts'
import { readState, stateTime } from '../domain/signed-state.ts'
import type { Provider } from '../sso/provider.ts'
import type { Storage } from '../storage/storage.ts'
import { withWayBack } from './way-back.ts'

/** The callback of the authorization code flow (RFC 6749 §4.1.2, RFC 9207 §2); undefined is "not sent". */
export interface CallbackRequest {
  /** Whose redirect URI was called: each provider has its own (RFC 9700 §4.4.2). */
  readonly providerId: string
  readonly state: string | undefined
  readonly code: string | undefined
  readonly error: string | undefined
  readonly iss: string | undefined
  /** The value of the cookie with this name, if the browser shows it. */
  readonly cookie: (name: string) => string | undefined
}

export interface CheckedCallback {
  readonly attempt: SignInAttempt
  readonly provider: Provider
  readonly code: string
}

// Longer than any STATE_TTL: raising it must not bring back an attempt that was used.
const rememberedMs = 2 * 3_600_000
const startAgain = 'Start again to get a fresh one.'

/**
 * Proves that a callback belongs to a sign-in that this browser began a moment ago, that it is its first callback, and
 * that it came from the provider the sign-in went to. Only after this may the code be exchanged.
 * @throws KeydeskError `state_invalid`, `state_expired`, `sign_in_denied`, `provider_error`
 */
export function createCheckCallback(dependencies: {
  storage: Storage
  providers: readonly Provider[]
  stateKey: Uint8Array
  attemptKey: Uint8Array
  stateTtlSeconds: number
  now: () => Date
}) {
  const { storage, providers, stateKey, attemptKey, stateTtlSeconds, now } = dependencies

  return async function checkCallback(request: CallbackRequest): Promise<CheckedCallback> {
    const attempt = readAttempt(request)
    try {
      return await checkAttempt(attempt, request)
    } catch (error) {
      throw withWayBack(error, attempt.purpose)
    }
  }

  async function checkAttempt(attempt: SignInAttempt, request: CallbackRequest): Promise<CheckedCallback> {
    await useUp(attempt.nonce)
    const provider = providers.find(({ id }) => id === attempt.provider)
    // A sign-in that was begun with one provider cannot be finished at the door of another.
    if (provider === undefined || provider.id !== request.providerId) throw otherIssuer()
    if (!(await provider.acceptsIssuerParameter(request.iss))) throw otherIssuer()
    if (request.error !== undefined) throw deniedBy(request.error).with({ provider: provider.id })
    if (request.code === undefined || request.code === '') {
      throw invalid('no_code', `The provider sent you back without a sign-in code. ${startAgain}`)
    }
    return { attempt, provider, code: request.code }
  }

  function readAttempt(request: CallbackRequest): SignInAttempt {
    if (request.state === undefined) {
      throw invalid('no_state', `This page only works as the last step of a sign-in. ${startAgain}`)
    }
    const reading = readState(request.state, stateKey, now(), stateTtlSeconds)
    if (reading.outcome === 'invalid') {
      throw invalid('bad_state', `The link that brought you here was not made by this Keydesk. ${startAgain}`)
    }
    if (reading.outcome === 'expired') {
      throw new KeydeskError('state_expired', {
        message: `The sign-in was begun more than ${Math.ceil(stateTtlSeconds / 60)} minutes ago. ${startAgain}`,
        reason: 'state_expired',
      })
    }
    const value = request.cookie(attemptCookieName(reading.nonce))
    const attempt = value === undefined ? null : openAttempt(value, reading.nonce, attemptKey)
    if (attempt !== null) return attempt
    throw invalid(
      'no_attempt_cookie',
      'This sign-in was begun in another browser, newer ones have taken its place, or this browser did not keep its ' +
        'cookie. Start again here, and allow cookies for this site.',
    )
  }

  /** One insert of a unique row decides between two callbacks that come at once, on any replica. */
  async function useUp(nonce: string): Promise<void> {
    const expiresAt = new Date(stateTime(nonce).getTime() + rememberedMs)
    const landed = await storage.atomicallyUnnoticed((tx) => [
      storage.attempts.prune(tx, now()),
      storage.attempts.use(tx, sha256(nonce).toString('base64url'), expiresAt),
    ])
    if (!landed) throw invalid('replayed', `This sign-in has been finished already. ${startAgain}`)
  }
}

function otherIssuer(): KeydeskError {
  return invalid(
    'other_issuer',
    `The answer did not come from the provider that you were sent to. ${startAgain}`,
  )
}

function invalid(reason: string, message: string): KeydeskError {
  return new KeydeskError('state_invalid', { message, reason })
}

/** What the provider says of an error is never shown: anybody can write a URL. */
function deniedBy(error: string): KeydeskError {
  if (error === 'access_denied') {
    return new KeydeskError('sign_in_denied', {
      message: 'You cancelled at the sign-in provider, or it did not let you pass. Nothing was changed.',
      reason: 'access_denied',
    })
  }
  return new KeydeskError('provider_error', {
    message: 'The sign-in provider reported an error instead of signing you in. Nothing was changed.',
    reason: /^[a-z_]{1,40}$/.test(error) ? `provider_says_${error}` : 'provider_says_unreadable',
  })
}

/** The closed set of error codes of the HTTP contract, each with the status and the title that it always has. */
export const errorCodes = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  state_invalid: { status: 400, title: 'This sign-in cannot be finished' },
  state_expired: { status: 400, title: 'This sign-in took too long' },
  missing_key: { status: 401, title: 'No API key was sent' },
  invalid_key: { status: 401, title: 'The API key is not valid' },
  expired_key: { status: 401, title: 'The API key has expired' },
  revoked_key: { status: 401, title: 'The API key was revoked' },
  user_disabled: { status: 401, title: 'This account is disabled' },
  owner_not_allowed: { status: 401, title: 'This account may not come in any more' },
  lease_expired: { status: 401, title: 'The owner of the API key has to sign in again' },
  unauthenticated: { status: 401, title: 'Authentication is needed' },
  insufficient_scope: { status: 403, title: 'The API key lacks a scope' },
  forbidden: { status: 403, title: 'This is not allowed' },
  sign_in_denied: { status: 403, title: 'Sign-in was cancelled' },
  email_unverified: { status: 403, title: 'The email address is not verified' },
  not_allowed: { status: 403, title: 'This is not allowed here' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'This cannot be done as things are' },
  precondition_failed: { status: 412, title: 'This was changed in the meantime' },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong in Keydesk' },
  provider_error: { status: 502, title: 'The sign-in provider did not answer as it should' },
  overloaded: { status: 503, title: 'Keydesk is busy' },
  unavailable: { status: 503, title: 'Keydesk cannot answer right now' },
} as const

export type ErrorCode = keyof typeof errorCodes

export interface KeydeskErrorOptions {
  readonly message: string
  /**
   * One word of ours for the log and the audit trail, never shown: it may tell more than the caller should know. In a
   * sign-in it marks a refusal, which gets an audit row; failures of ours carry none.
   */
  readonly reason?: string | undefined
  readonly cause?: unknown
  /** Seconds after which trying again makes sense; becomes Retry-After. */
  readonly retryAfterSeconds?: number | undefined
  /** The id of the provider whose failure it is. */
  readonly provider?: string | undefined
  /** The path at which a browser can begin anew what failed. */
  readonly startAgainAt?: string | undefined
}

/** The only error that Keydesk throws on purpose. `message` may be shown to anybody; `cause` is only logged. */
export class KeydeskError extends Error {
  override readonly name = 'KeydeskError'
  readonly code: ErrorCode
  readonly reason: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly provider: string | undefined
  readonly startAgainAt: string | undefined

  constructor(code: ErrorCode, options: KeydeskErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.reason = options.reason
    this.retryAfterSeconds = options.retryAfterSeconds
    this.provider = options.provider
    this.startAgainAt = options.startAgainAt
  }

  /** The same error, of which more is known by now. */
  with(more: Partial<KeydeskErrorOptions>): KeydeskError {
    const { message, reason, cause, retryAfterSeconds, provider, startAgainAt } = this
    const known = { message, reason, cause, retryAfterSeconds, provider, startAgainAt }
    return new KeydeskError(this.code, { ...known, ...more })
  }
}

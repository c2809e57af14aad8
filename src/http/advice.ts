import type { ErrorCode } from '../domain/errors.ts'

const startAgain = 'Nothing was changed. You can start again whenever you like.'
const waitAndTry = 'Wait a moment and try again. If it stays, tell whoever runs Keydesk.'
const sendAKey = 'Scripts send a key as the header X-API-Key. To get a new key, sign in on the front page.'
const readTheDocs = 'Check what was sent against the documentation of Keydesk.'
const opensNothing = 'Its keys and sessions open nothing.'

/** What to do about it. A new code does not compile until somebody has thought of that. */
export const advice: Record<ErrorCode, string> = {
  invalid_request: readTheDocs,
  state_invalid: startAgain,
  state_expired: startAgain,
  missing_key: sendAKey,
  invalid_key: sendAKey,
  expired_key: sendAKey,
  revoked_key: sendAKey,
  user_disabled: `${opensNothing} An administrator can enable it again.`,
  owner_not_allowed: `${opensNothing} An administrator decides who may come in.`,
  lease_expired: 'Sign in on the front page, and the key works again.',
  unauthenticated: 'Sign in first. Scripts of administrators send the master key.',
  insufficient_scope: 'Ask an administrator for a key with that scope.',
  forbidden: readTheDocs,
  sign_in_denied: startAgain,
  email_unverified:
    'Open the account settings of your provider, verify the address, and start again. Where that does not help, ask an administrator.',
  not_allowed: 'Nothing was changed.',
  not_found: 'Check the address, or begin at the front page.',
  method_not_allowed: 'Begin at the front page.',
  conflict: 'An administrator can make room. Until then the keys that you have keep working.',
  precondition_failed: 'Open the page again, look at what is there now, and decide again.',
  too_large: readTheDocs,
  unsupported_media_type: readTheDocs,
  rate_limited: 'Wait that long, then try again. If it comes back, tell whoever runs Keydesk.',
  internal: waitAndTry,
  provider_error: 'This is usually over in a few minutes. If it stays, tell whoever runs Keydesk.',
  overloaded: waitAndTry,
  unavailable: waitAndTry,
}

/** Where a person cannot help themselves, and so is told whom to ask. */
export const needsSomebody: ReadonlySet<ErrorCode> = new Set([
  'user_disabled',
  'owner_not_allowed',
  'insufficient_scope',
  'not_allowed',
  'email_unverified',
  'conflict',
])

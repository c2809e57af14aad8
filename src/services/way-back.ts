import { KeydeskError } from '../domain/errors.ts'
import { loginSearch } from '../domain/login-search.ts'
import type { SignInPurpose } from '../domain/sign-in-attempt.ts'

/** The same error with the way back: whoever was on the way to somewhere is on the way there still when they begin anew. */
export function withWayBack(error: unknown, purpose: SignInPurpose): unknown {
  if (!(error instanceof KeydeskError)) return error
  const { code, message, reason, cause, retryAfterSeconds } = error
  const returnTo = purpose.kind === 'session' ? purpose.returnTo : null
  const isAccount = code === 'not_allowed' || code === 'email_unverified'
  const startAgainAt = purpose.kind === 'link' ? '/account' : `/auth/login${loginSearch(returnTo, isAccount)}`
  return new KeydeskError(code, { message, reason, cause, retryAfterSeconds, startAgainAt })
}

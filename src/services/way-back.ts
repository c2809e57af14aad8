import { KeydeskError } from '../domain/errors.ts'
import { loginSearch } from '../domain/login-search.ts'
import type { SignInPurpose } from '../domain/sign-in-attempt.ts'

/** The same error with the way back: whoever was on the way to somewhere is on the way there still when they begin anew. */
export function withWayBack(error: unknown, purpose: SignInPurpose): unknown {
  if (!(error instanceof KeydeskError)) return error
  if (purpose.kind === 'link') return error.with({ startAgainAt: error.startAgainAt ?? '/account' })
  const { returnTo, codeChallenge } = purpose.kind === 'session' ? purpose : { returnTo: null }
  const isAccount = error.code === 'not_allowed' || error.code === 'email_unverified'
  return error.with({ startAgainAt: `/auth/login${loginSearch(returnTo, isAccount, codeChallenge)}` })
}

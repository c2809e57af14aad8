import { KeydeskError } from '../domain/errors.ts'
import { loginSearch } from '../domain/login-search.ts'
import type { Session } from '../storage/sessions.ts'

// Time to read the page, and for the way to the other provider and back.
const recentMsMax = 20 * 60_000

/**
 * For what outlives a session, such as one more way to sign in: whoever sits at a browser that was left open must not get
 * it (ASVS 5.0 §7.5.1).
 * @throws KeydeskError `forbidden`
 */
export function requireRecentSession({ createdAt }: Session, now: Date): void {
  if (now.getTime() - createdAt.getTime() <= recentMsMax) return
  throw new KeydeskError('forbidden', {
    message: 'You signed in a while ago. Sign in again first, to show that it is still you.',
    reason: 'session_not_recent',
    startAgainAt: `/auth/login${loginSearch('/account', false)}`,
  })
}

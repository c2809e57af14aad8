import type { Context } from 'hono'
import { KeydeskError } from '../domain/errors.ts'
import type { CurrentSession, FindSession, SessionReading } from '../services/find-session.ts'
import type { AppEnvironment } from './environment.ts'
import type { SessionCookies } from './session-cookies.ts'

export type ReadSession = (c: Context<AppEnvironment>) => Promise<SessionReading>

/** Reads the session of a request by its host-only cookie, and by nothing else. */
export function createReadSession(cookies: SessionCookies, findSession: FindSession): ReadSession {
  return async function readSession(c) {
    const secret = cookies.shown(c)
    return secret === undefined ? { outcome: 'none' } : findSession(secret)
  }
}

/** @throws KeydeskError `unauthenticated`, `user_disabled`, `owner_not_allowed` */
export function requireSession(reading: SessionReading): CurrentSession {
  switch (reading.outcome) {
    case 'valid':
      return reading
    case 'none':
      throw new KeydeskError('unauthenticated', {
        message: 'Nobody is signed in here, or the session is over.',
      })
    case 'user_disabled':
      throw new KeydeskError('user_disabled', { message: 'An administrator has switched this account off.' })
    case 'owner_not_allowed':
      throw new KeydeskError('owner_not_allowed', {
        message: 'You are signed in, but your account is not on the list of who may come in any more.',
      })
  }
}

import { isOwnerAllowed } from '../domain/access-policy.ts'
import { sessionSecretHash } from '../domain/session-secret.ts'
import type { Identity } from '../storage/identities.ts'
import type { Session } from '../storage/sessions.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { Access } from './access-policies.ts'

/** A signed-in browser, and who sits there. */
export interface CurrentSession {
  readonly session: Session
  readonly user: User
  readonly identities: readonly Identity[]
  /** When it ends if it is not used. */
  readonly idleUntil: Date
}

/** Why a session opens nothing is told only to who shows its value. */
export type SessionReading =
  | ({ readonly outcome: 'valid' } & CurrentSession)
  | { readonly outcome: 'none' | 'user_disabled' | 'owner_not_allowed' }

export type FindSession = ReturnType<typeof createFindSession>

const touchAfterMsMax = 60_000
const none = { outcome: 'none' } as const

/**
 * Finds the session of a cookie value and judges, at every use: how old it is, how long it was idle, whether its user is
 * active, and whether the rules still cover the user. Nothing of it is remembered.
 * @throws KeydeskError `unavailable`
 */
export function createFindSession(dependencies: {
  storage: Storage
  access: Access
  idleSecondsMax: number
  now: () => Date
}) {
  const { storage, access, idleSecondsMax, now } = dependencies
  const idleMsMax = idleSecondsMax * 1000
  // Often enough that idleness is measured well, and not at every click.
  const touchAfterMs = Math.min(touchAfterMsMax, idleMsMax / 10)

  return async function findSession(secret: string): Promise<SessionReading> {
    const secretHash = sessionSecretHash(secret)
    const found = secretHash === null ? null : await storage.sessions.findBySecret(secretHash)
    if (found === null) return none
    const { session, user } = found
    const at = now().getTime()
    const idleMs = at - session.lastSeenAt.getTime()
    if (session.expiresAt.getTime() <= at || idleMs >= idleMsMax) return none
    if (user.status !== 'active') return { outcome: 'user_disabled' }
    const identities = await storage.identities.ofUser(user.id)
    const { forUse } = await access.fresh()
    if (!isOwnerAllowed({ kind: user.kind, identities }, forUse)) return { outcome: 'owner_not_allowed' }
    if (idleMs >= touchAfterMs) {
      await storage.atomicallyUnnoticed((tx) => [storage.sessions.touch(tx, session.id, new Date(at))])
    }
    const idleUntil = new Date(Math.min(at + idleMsMax, session.expiresAt.getTime()))
    return { outcome: 'valid', session, user, identities, idleUntil }
  }
}

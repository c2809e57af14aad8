import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { findLiveUser } from './find-live-user.ts'

export type RemoveIdentity = ReturnType<typeof createRemoveIdentity>

/**
 * Takes a way to sign in away from a user and ends the user's sessions, which may have begun with it; answers when no
 * replica acts on it any more. The keys stay, judged by the identities that are left.
 * @throws KeydeskError `not_found`, `conflict` for the last one
 */
export function createRemoveIdentity(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function removeIdentity(
    userId: string,
    identityId: string,
    actor: Actor,
    origin: Origin,
  ): Promise<void> {
    await findLiveUser(storage, userId)
    const identities = await storage.identities.ofUser(userId)
    const identity = identities.find(({ id }) => id === identityId)
    if (identity === undefined) {
      throw new KeydeskError('not_found', { message: 'The user has no identity with this id.' })
    }
    if (identities.length === 1) throw lastIdentity()
    const event = auditEvent({
      at: now(),
      action: 'identity.removed',
      actor,
      target: `user:${userId}`,
      facts: { identity_id: identityId, provider: identity.provider },
      email: identity.email,
      origin,
    })
    const landed = await storage.atomically((tx) => [
      { statement: storage.identities.removeIfNotLast(tx, identity), rows: 1 },
      storage.sessions.endOfUser(tx, userId),
      ...storage.audit.record(tx, event),
    ])
    if (!landed) throw lastIdentity()
    await storage.confirmChanges()
  }
}

function lastIdentity(): KeydeskError {
  return new KeydeskError('conflict', {
    message: 'This is the only way in which the user signs in. Disable or erase the user instead.',
  })
}

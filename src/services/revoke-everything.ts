import { type Actor, type AuditEvent, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import { findLiveUser } from './find-live-user.ts'

export interface RevokedEverything {
  readonly keysRevoked: number
  readonly sessionsEnded: number
}

export type RevokeEverything = ReturnType<typeof createRevokeEverything>

const triesMax = 3

/**
 * Revokes every key of a user and ends every session, for good, and answers when no replica accepts any of them. The
 * user may sign in again, unless disabled.
 * @throws KeydeskError `not_found`, `conflict` where the user's keys keep changing
 */
export function createRevokeEverything(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function revokeEverything(
    id: string,
    actor: Actor,
    origin: Origin,
  ): Promise<RevokedEverything> {
    await findLiveUser(storage, id)
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const at = now()
      const sessionsEnded = (await storage.sessions.ofUser(id, at, new Date(0))).length
      const revocation = await planRevocation(storage, id, { at, actor, origin })
      const event = auditEvent({
        at,
        action: 'user.everything_revoked',
        actor,
        target: `user:${id}`,
        facts: { keys_revoked: revocation.count, sessions_ended: sessionsEnded },
        origin,
      })
      const landed = await storage.atomically((tx) => [
        ...revocation.steps(tx),
        storage.sessions.endOfUser(tx, id),
        ...storage.audit.record(tx, event),
      ])
      if (landed) {
        await storage.confirmChanges()
        return { keysRevoked: revocation.count, sessionsEnded }
      }
    }
    throw new KeydeskError('conflict', {
      message: 'Keys of this user were made at the same time. Try again.',
    })
  }
}

/**
 * Plans to revoke all keys of a user, with an event for each, so that every key tells why it ended. The list lands only
 * where no key was made or revoked in the meantime.
 */
export async function planRevocation(
  storage: Storage,
  userId: string,
  common: Pick<AuditEvent, 'at' | 'actor'> & { origin: Origin },
): Promise<{ count: number; steps: (tx: Writer) => Step[] }> {
  const ids = await storage.keys.unrevokedIdsOf(userId)
  return {
    count: ids.length,
    steps: (tx) => [
      { statement: storage.keys.revokeOfUser(tx, userId, common.at), rows: ids.length },
      ...storage.audit.recordMany(
        tx,
        ids.map((id) =>
          auditEvent({ ...common, action: 'key.revoked', target: `key:${id}`, facts: { user_id: userId } }),
        ),
      ),
    ],
  }
}

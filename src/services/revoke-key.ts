import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import type { Storage } from '../storage/storage.ts'
import { getKey } from './get-key.ts'

export type RevokeKey = ReturnType<typeof createRevokeKey>

/** Revokes a key for good; revoking it again changes nothing. @throws KeydeskError `not_found` */
export function createRevokeKey(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function revokeKey(id: string, actor: Actor, origin: Origin): Promise<void> {
    const key = await getKey(storage, id)
    if (key.revokedAt !== null) return
    const at = now()
    const event = auditEvent({
      at,
      action: 'key.revoked',
      actor,
      target: `key:${id}`,
      facts: { user_id: key.userId },
      origin,
    })
    // When it does not land, somebody revoked the key in the meantime: that is what was asked for.
    await storage.atomically((tx) => [
      { statement: storage.keys.revoke(tx, id, at), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
  }
}

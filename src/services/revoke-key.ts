import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Confirmation } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import { getKey } from './get-key.ts'
import type { Metrics } from './metrics.ts'

/** That a revocation is in force, and how each replica came to act on it. */
export interface RevocationReceipt {
  readonly revokedAt: Date
  readonly replicas: readonly Confirmation[]
}

export type RevokeKey = ReturnType<typeof createRevokeKey>

/**
 * Revokes a key for good, and answers when no replica accepts it any more: two seconds later at most. Revoking it again
 * changes nothing, and waits all the same: whoever asked first may not have been answered yet.
 * @throws KeydeskError `not_found`
 */
export function createRevokeKey(dependencies: { storage: Storage; metrics: Metrics; now: () => Date }) {
  const { storage, metrics, now } = dependencies

  return async function revokeKey(id: string, actor: Actor, origin: Origin): Promise<RevocationReceipt> {
    const key = await getKey(storage, id)
    const revokedAt = key.revokedAt ?? (await revoke(key, actor, origin))
    const committedAt = performance.now()
    const replicas = await storage.confirmChanges()
    metrics.observeRevocation(performance.now() - committedAt, replicas)
    return { revokedAt, replicas }
  }

  async function revoke(key: KeyRecord, actor: Actor, origin: Origin): Promise<Date> {
    const at = now()
    const event = auditEvent({
      at,
      action: 'key.revoked',
      actor,
      target: `key:${key.id}`,
      facts: { user_id: key.userId },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      { statement: storage.keys.revoke(tx, key.id, at), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
    if (landed) return at
    // Somebody revoked the key in the meantime: that is what was asked for.
    const { revokedAt } = await getKey(storage, key.id)
    if (revokedAt === null) throw new Error('a revocation did not land, and nobody else revoked the key')
    return revokedAt
  }
}

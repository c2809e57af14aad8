import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Confirmation } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import { getKey } from './get-key.ts'
import type { Metrics } from './metrics.ts'
import { requireVersion } from './require-version.ts'

/** That a revocation is in force, and how each replica came to act on it. */
export interface RevocationReceipt {
  readonly revokedAt: Date
  readonly replicas: readonly Confirmation[]
}

export type RevokeKey = ReturnType<typeof createRevokeKey>

/**
 * Revokes a key for good, and answers when no replica accepts it any more: two seconds later at most. Revoking it again
 * changes nothing, and waits all the same: whoever asked first may not have been answered yet.
 * @throws KeydeskError `not_found`, `precondition_failed` for a key that is not as the caller has seen it
 */
export function createRevokeKey(dependencies: { storage: Storage; metrics: Metrics; now: () => Date }) {
  const { storage, metrics, now } = dependencies

  return async function revokeKey(
    id: string,
    actor: Actor,
    origin: Origin,
    options: { reason?: string | null; version?: number | null } = {},
  ): Promise<RevocationReceipt> {
    const { version = null } = options
    const key = await getKey(storage, id)
    requireVersion(key, version)
    const revokedAt = key.revokedAt ?? (await revoke(key, actor, origin, options))
    const committedAt = performance.now()
    const replicas = await storage.confirmChanges()
    metrics.observeRevocation(performance.now() - committedAt, replicas)
    return { revokedAt, replicas }
  }

  async function revoke(
    key: KeyRecord,
    actor: Actor,
    origin: Origin,
    { reason = null, version = null }: { reason?: string | null; version?: number | null },
  ): Promise<Date> {
    const at = now()
    const event = auditEvent({
      at,
      action: 'key.revoked',
      actor,
      target: `key:${key.id}`,
      facts: { user_id: key.userId, ...(reason === null ? {} : { reason }) },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      {
        statement:
          version === null
            ? storage.keys.revoke(tx, key.id, at, reason)
            : storage.keys.revokeAsRead(tx, key, at, reason),
        rows: 1,
      },
      ...storage.audit.record(tx, event),
    ])
    if (landed) return at
    const after = await getKey(storage, key.id)
    const { revokedAt } = after
    // Somebody revoked the key in the meantime: that is what was asked for. Or changed what the caller had seen.
    if (revokedAt === null) requireVersion(after, version)
    if (revokedAt === null) throw new Error('a revocation did not land, and nobody else revoked the key')
    return revokedAt
  }
}

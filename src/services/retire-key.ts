import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { findHeir } from './find-heir.ts'
import { getKey } from './get-key.ts'
import { requireVersion } from './require-version.ts'

export type RetireKey = ReturnType<typeof createRetireKey>

/**
 * Retires a key now that another has replaced, and answers when no replica accepts it any more. `version` is the one
 * that the caller has seen; null takes any.
 * @throws KeydeskError `not_found`, `precondition_failed`, `conflict` for a key that no live one has replaced, or that is
 * dead
 */
export function createRetireKey(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function retireKey(
    id: string,
    actor: Actor,
    origin: Origin,
    version: number | null = null,
  ): Promise<KeyRecord> {
    const key = await getKey(storage, id)
    requireVersion(key, version)
    const at = now()
    const heir = await requireHeir(key, at)
    const event = auditEvent({
      at,
      action: 'key.retired',
      actor,
      target: `key:${id}`,
      facts: { user_id: key.userId, successor_id: heir.id, reason: 'asked' },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      { statement: storage.keys.requireLive(tx, heir.id, at), rows: 1 },
      { statement: storage.keys.revokeAsRead(tx, key, at, 'retired'), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
    const after = await getKey(storage, id)
    if (!landed) {
      requireVersion(after, version)
      await requireHeir(after, at)
      throw new KeydeskError('conflict', { message: 'The key changed at the same time. Try again.' })
    }
    await storage.confirmChanges()
    return after
  }

  async function requireHeir(key: KeyRecord, at: Date): Promise<KeyRecord> {
    if (key.successorId === null) {
      throw new KeydeskError('conflict', { message: 'Nothing has replaced this key. Rotate it first.' })
    }
    if (key.revokedAt !== null) throw new KeydeskError('conflict', { message: 'This key is dead already.' })
    const heir = await findHeir(storage, key, at)
    if (heir !== null) return heir
    throw new KeydeskError('conflict', {
      message: 'The key that has replaced this one is dead itself. Rotate this one again, or revoke it.',
    })
  }
}

import { auditEvent } from '../domain/audit-event.ts'
import type { DueKey, RetiringKey } from '../storage/key-retirement.ts'
import type { Storage } from '../storage/storage.ts'
import { findHeir } from './find-heir.ts'

export type RetireKeys = () => Promise<number>

const batchMax = 200

/**
 * Retires the keys whose time is over: the successor has been used and the old key has been quiet for long enough, or
 * its grace has ended. A key whose successor is dead stays, whatever its time. Answers how many retired. Any process may
 * do it; each key is retired once.
 */
export function createRetireKeys(dependencies: {
  storage: Storage
  /** How long a use can be known to another process only. */
  usageSecondsMax: number
  now: () => Date
}): RetireKeys {
  const { storage, usageSecondsMax, now } = dependencies

  /** @throws KeydeskError `unavailable` */
  return async function retireKeys() {
    const at = now()
    for (const key of await storage.keys.leftAlone(at, batchMax)) await keepOrHandOver(key, at)
    const unseenSince = new Date(at.getTime() - usageSecondsMax * 1000)
    let retired = 0
    for (const key of await storage.keys.dueToRetire(at, unseenSince, batchMax))
      if (await retire(key, at)) retired += 1
    return retired
  }

  async function retire(
    { id, version, userId, successorId, isGraceOver }: DueKey,
    at: Date,
  ): Promise<boolean> {
    const event = auditEvent({
      at,
      action: 'key.retired',
      actor: 'system',
      target: `key:${id}`,
      facts: { user_id: userId, successor_id: successorId, reason: isGraceOver ? 'grace_over' : 'quiet' },
    })
    // The successor may have been revoked since it was read, or the retirement put off: then it waits for the next time.
    return storage.atomically((tx) => [
      { statement: storage.keys.requireLive(tx, successorId ?? '', at), rows: 1 },
      { statement: storage.keys.revokeAsRead(tx, { id, version }, at, 'retired'), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
  }

  /** A key that dies must not take with it the one that it was to replace: its own successor inherits, or nobody. */
  async function keepOrHandOver(key: RetiringKey, at: Date): Promise<void> {
    const heir = await findHeir(storage, key, at)
    const event = auditEvent({
      at,
      action: 'key.updated',
      actor: 'system',
      target: `key:${key.id}`,
      facts: {
        user_id: key.userId,
        changed: heir === null ? ['successor_id', 'retires_at'] : ['successor_id'],
        successor_id: heir?.id ?? null,
        retires_at: heir === null ? null : key.retiresAt,
        reason: 'successor_dead',
      },
    })
    await storage.atomically((tx) => [
      {
        statement:
          heir === null ? storage.keys.endRetirement(tx, key) : storage.keys.handOver(tx, key, heir.id),
        rows: 1,
      },
      ...storage.audit.record(tx, event),
    ])
  }
}

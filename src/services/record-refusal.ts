import { LRUCache } from 'lru-cache'
import {
  type Actor,
  type AuditAction,
  auditEvent,
  type Origin,
  throttledEventId,
} from '../domain/audit-event.ts'
import { addressBucket } from '../domain/rate-limit.ts'
import type { Storage } from '../storage/storage.ts'

export type RecordRefusal = ReturnType<typeof createRecordRefusal>

/**
 * Writes down that somebody without a proven credential was refused: one row for each address, action and minute, so
 * that noise cannot fill the trail. What was written a moment ago is remembered, so noise costs no writes either.
 */
export function createRecordRefusal(dependencies: {
  storage: Storage
  throttleKey: Uint8Array
  now: () => Date
}) {
  const { storage, throttleKey, now } = dependencies
  const written = new LRUCache<string, true>({ max: 10_000 })

  return async function recordRefusal(
    action: AuditAction,
    reason: string,
    origin: Origin,
    /** Whoever is known by a session or a key has a row of their own in that minute. */
    actor: Actor = 'anonymous',
    facts: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const at = now()
    const who = actor === 'anonymous' ? addressBucket(origin.address) : actor
    const id = throttledEventId(throttleKey, action, who, at)
    if (written.has(id)) return
    const event = { ...auditEvent({ at, action, actor, facts: { reason, ...facts }, origin }), id }
    await storage.atomically((tx) => storage.audit.recordOnce(tx, event))
    written.set(id, true)
  }
}

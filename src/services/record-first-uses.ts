import { auditEvent } from '../domain/audit-event.ts'
import { storableText } from '../domain/storable-text.ts'
import type { Storage } from '../storage/storage.ts'

/** A use as it was noted: the agent is as it was sent. */
export interface KeyUse {
  readonly at: Date
  readonly address: string | null
  readonly userAgent: string | undefined
}

/**
 * Writes `key.first_used` for those of these keys that have not been used before. Comes before the usage itself: what was
 * written and not counted is found again, under the same id, by whichever process tries next.
 * @throws KeydeskError `unavailable`
 */
export async function recordFirstUses(storage: Storage, uses: ReadonlyMap<string, KeyUse>): Promise<void> {
  if (uses.size === 0) return
  const unused = await storage.usage.neverUsed([...uses.keys()])
  const events = unused.flatMap(({ id, userId }) => {
    const use = uses.get(id)
    if (use === undefined) return []
    const { at, address, userAgent } = use
    const event = auditEvent({
      at,
      action: 'key.first_used',
      actor: `key:${id}`,
      target: `key:${id}`,
      facts: { user_id: userId },
    })
    const agent = userAgent === undefined ? null : storableText(userAgent, 400)
    return [{ ...event, id: `evt_first_used_${id}`, address, userAgent: agent }]
  })
  if (events.length === 0) return
  await storage.atomically((tx) => [
    ...storage.audit.recordOnce(tx, ...events),
    storage.audit.forgetOriginsOfErased(
      tx,
      events.map(({ id }) => id),
    ),
  ])
}

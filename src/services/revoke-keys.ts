import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { KeyFilter } from '../storage/key-lists.ts'
import type { Storage } from '../storage/storage.ts'

/** Which keys: by their ids, or by what they have in common. */
export type KeysToRevoke = { readonly ids: readonly string[] } | { readonly filter: KeyFilter }

export type RevokeKeys = ReturnType<typeof createRevokeKeys>

/** How many keys one request may revoke. */
export const revokedAtOnceMax = 10_000
/** So many keys a list: a larger one would hold up the requests behind it on SQLite, which writes in our thread. */
const batchMax = 250
const triesMax = 3

/**
 * Revokes many keys for good, and answers how many were not revoked until then, when no replica accepts any of them. A
 * dry run answers the number and changes nothing.
 * @throws KeydeskError `not_found` for an id that there is not, `invalid_request` for more keys than one request may revoke
 */
export function createRevokeKeys(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function revokeKeys(
    keys: KeysToRevoke,
    options: { isDryRun: boolean; reason: string | null },
    actor: Actor,
    origin: Origin,
  ): Promise<number> {
    const batches = inBatches(await idsOf(keys))
    let revoked = 0
    for (const ids of batches) {
      revoked += options.isDryRun
        ? (await storage.keys.unrevokedAmong(ids)).length
        : await revokeBatch(ids, options.reason, actor, origin)
      // Requests that came in the meantime are answered before the next batch.
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (!options.isDryRun) await storage.confirmChanges()
    return revoked
  }

  async function idsOf(keys: KeysToRevoke): Promise<string[]> {
    if ('filter' in keys) {
      const ids = await storage.keyLists.idsOf({ ...keys.filter, isUnrevoked: true }, revokedAtOnceMax + 1)
      if (ids.length <= revokedAtOnceMax) return ids
      throw new KeydeskError('invalid_request', {
        message: `filter: takes more than ${revokedAtOnceMax} keys. Narrow it.`,
      })
    }
    const wanted = [...new Set(keys.ids)]
    const known = new Set<string>()
    for (const ids of inBatches(wanted)) for (const { id } of await storage.keys.namesOf(ids)) known.add(id)
    const unknown = wanted.find((id) => !known.has(id))
    if (unknown === undefined) return wanted
    throw new KeydeskError('not_found', { message: `No key has the id ${unknown}. Nothing was revoked.` })
  }

  async function revokeBatch(
    batch: readonly string[],
    reason: string | null,
    actor: Actor,
    origin: Origin,
  ): Promise<number> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const keys = await storage.keys.unrevokedAmong(batch)
      if (keys.length === 0) return 0
      const at = now()
      const ids = keys.map(({ id }) => id)
      const events = keys.map(({ id, userId }) =>
        auditEvent({
          at,
          action: 'key.revoked',
          actor,
          target: `key:${id}`,
          facts: { user_id: userId, ...(reason === null ? {} : { reason }) },
          origin,
        }),
      )
      const landed = await storage.atomically((tx) => [
        { statement: storage.keys.revokeAll(tx, ids, at, reason), rows: ids.length },
        ...storage.audit.recordMany(tx, events),
      ])
      if (landed) return ids.length
    }
    throw new KeydeskError('conflict', { message: 'Others revoked these keys at the same time. Try again.' })
  }
}

function inBatches(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / batchMax)
  return Array.from({ length: count }, (_, index) => ids.slice(index * batchMax, (index + 1) * batchMax))
}

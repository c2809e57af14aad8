import { createMakeOnce } from '../../src/services/make-once.ts'
import { createRecordUsage } from '../../src/services/record-usage.ts'
import { createRetireKeys } from '../../src/services/retire-keys.ts'
import { createRotateKey } from '../../src/services/rotate-key.ts'
import type { ApiKey } from '../../src/storage/keys.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, keyRow, land, userRow } from '../storage/engines.ts'
import { createTestDatabase } from '../support/test-database.ts'

const origin = { requestId: 'req', address: null, userAgent: null }
const grantor = { actor: 'master_key', role: 'admin', ownScopes: null } as const
export const hour = 3600
export const day = 24 * hour
/** A use may be known to another process only for so long. */
export const usageSecondsMax = 20

export type RetirementContext = Awaited<ReturnType<typeof startRetirements>>

/** A database with one user, a clock that a test moves, and the sweep. */
export async function startRetirements() {
  const owner = userRow()
  let clock = baseTime
  const now = () => clock
  const database = await createTestDatabase()
  const storage = await openStorage(database.url)
  const usage = createRecordUsage({ storage })
  await land(storage, (tx) => [storage.users.insert(tx, owner)])

  const makeKey = async () => {
    const { id, secretHash } = keyRow(owner)
    return { id, secretHash, text: 'shown once' }
  }
  const trail = async (action: 'key.retired' | 'key.updated') =>
    (await storage.audit.find({ action, limit: 50 })).map(({ event }) => event).reverse()
  return {
    owner,
    database,
    storage,
    now,
    retireKeys: createRetireKeys({ storage, usageSecondsMax, now }),
    pass: (seconds: number) => {
      clock = new Date(clock.getTime() + seconds * 1000)
    },
    inSeconds: (seconds: number) => new Date(clock.getTime() + seconds * 1000),
    insertKey: async (change: Partial<ApiKey> = {}) => {
      const key = keyRow(owner, { createdAt: clock, ...change })
      await land(storage, (tx) => [storage.keys.insert(tx, key)])
      return key.id
    },
    /** The id of the successor. */
    rotate: async (id: string, quietSeconds = day, graceSeconds = 30 * day) => {
      const rotateKey = createRotateKey({ storage, makeKey, makeOnce: createMakeOnce({ storage, now }), now })
      const { successor } = await rotateKey(id, { quietSeconds, graceSeconds }, grantor, origin)
      return successor.id
    },
    use: async (...ids: string[]) => {
      for (const id of ids) usage.used(id, { at: clock, address: '192.0.2.7', userAgent: 'ci/1' })
      await usage.flush()
    },
    revoke: (id: string, reason = 'leaked') =>
      land(storage, (tx) => [storage.keys.revoke(tx, id, clock, reason)]),
    stateOf: async (id: string) => {
      const key = await storage.keys.find(id)
      return { revokedAt: key?.revokedAt, revokedReason: key?.revokedReason ?? null }
    },
    retired: () => trail('key.retired'),
    updated: () => trail('key.updated'),
    close: async () => {
      await storage.close()
      await database.drop()
    },
  }
}

/** A storage in which somebody is faster, once: between what is read and what is written. */
export function overtaken(storage: Storage, change: () => Promise<unknown>): Storage {
  let isFirst = true
  return {
    ...storage,
    atomically: async (list) => {
      if (isFirst) {
        isFirst = false
        await change()
      }
      return storage.atomically(list)
    },
  }
}

import { afterAll, beforeAll } from 'vitest'
import type { ApiKey, KeyRecord } from '../../src/storage/keys.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, type engines, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

export const seconds = (count: number) => plusMs(count * 1000)

/** What is said of a key that another takes the place of. */
export const retirement = (successorId: string, change: Partial<ApiKey> = {}) => ({
  successorId,
  rotatedAt: baseTime,
  quietSeconds: 60,
  retiresAt: seconds(1000),
  ...change,
})

/** A database with an owner of keys, for the tests of one `describe`, and short ways to make and use keys. */
export function rotatedKeys(engine: (typeof engines)[number]) {
  let context: Awaited<ReturnType<typeof freshStorage>>
  const owner = userRow()
  const desk = {
    owner,
    get storage(): Storage {
      return context.storage
    },
    get url(): string {
      return context.url
    },
    insertKey: async (change: Partial<ApiKey> = {}): Promise<KeyRecord> => {
      const key = keyRow(owner, change)
      await land(context.storage, (tx) => [context.storage.keys.insert(tx, key)])
      return desk.found(key.id)
    },
    found: async (id: string): Promise<KeyRecord> => {
      const key = await context.storage.keys.find(id)
      if (key === null) throw new Error(`no key ${id}`)
      return key
    },
    use: (keyId: string, at: Date) =>
      context.storage.atomicallyUnnoticed((tx) => [
        context.storage.usage.addUses(tx, [
          { keyId, lastUsedAt: at, requestCount: 1, lastAddress: null, lastUserAgent: null },
        ]),
      ]),
  }
  beforeAll(async () => {
    context = await freshStorage(engine)
    await land(context.storage, (tx) => [context.storage.users.insert(tx, owner)])
  })
  afterAll(() => context.end())
  return desk
}

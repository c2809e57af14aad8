import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

describe.each(engines)('erasing origins on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
  })
  afterAll(() => context.end())

  test('from where the keys of somebody were used and refused is forgotten, and how often they were used is not', async () => {
    const [owner, other] = [userRow(), userRow()]
    const [own, foreign] = [keyRow(owner), keyRow(other)]
    await land(storage, (tx) => [
      storage.users.insert(tx, owner),
      storage.users.insert(tx, other),
      storage.keys.insert(tx, own),
      storage.keys.insert(tx, foreign),
    ])
    const origin = { address: '192.0.2.7', userAgent: 'ci/1' }
    await storage.atomicallyUnnoticed((tx) => [
      storage.usage.addUses(
        tx,
        [own.id, foreign.id].map((keyId) => ({
          keyId,
          lastUsedAt: plusMs(1),
          requestCount: 2,
          lastAddress: origin.address,
          lastUserAgent: origin.userAgent,
        })),
      ),
      storage.usage.addRefusals(
        tx,
        [own.id, foreign.id].map((keyId) => ({
          id: `ref_${keyId}`,
          keyId,
          at: baseTime,
          reason: 'x',
          ...origin,
        })),
      ),
    ])
    await land(storage, (tx) => storage.usage.eraseOrigins(tx, owner.id))
    const used = { lastUsedAt: plusMs(1), requestCount: 2 }
    expect(await storage.keys.find(own.id)).toMatchObject({ ...used, lastAddress: null, lastUserAgent: null })
    expect(await storage.keys.find(foreign.id)).toMatchObject({
      ...used,
      lastAddress: origin.address,
      lastUserAgent: 'ci/1',
    })
    expect(await storage.usage.refusalsOf(own.id)).toEqual([])
    expect(await storage.usage.refusalsOf(foreign.id)).toMatchObject([origin])
  })
})

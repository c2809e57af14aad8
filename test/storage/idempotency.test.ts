import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomText } from '../../src/domain/random-text.ts'
import type { IdempotencyRecord } from '../../src/storage/idempotency.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

const recordRow = (change: Partial<IdempotencyRecord> = {}): IdempotencyRecord => ({
  id: randomText(43),
  bodyHash: randomText(43),
  keyId: randomText(12),
  createdAt: baseTime,
  ...change,
})

describe.each(engines)('records of requests that made a key, on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const owner = userRow()
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => [storage.users.insert(tx, owner)])
  })
  afterAll(() => context.end())

  const insert = async (change: Partial<IdempotencyRecord> = {}) => {
    const record = recordRow(change)
    await land(storage, (tx) => [storage.idempotency.insert(tx, record)])
    return record
  }

  test('read back as written, to the letter of their id', async () => {
    const record = await insert({ id: 'aAaA-_' })
    expect(await storage.idempotency.find(record.id, plusMs(-1))).toEqual(record)
    for (const id of ['aaaa-_', 'aAaA-', 'aAaA-%', '', "' OR 1=1 --"]) {
      expect(await storage.idempotency.find(id, plusMs(-1))).toBeNull()
    }
  })

  test('count for a day, to the millisecond', async () => {
    const { id } = await insert()
    expect(await storage.idempotency.find(id, plusMs(-1))).not.toBeNull()
    expect(await storage.idempotency.find(id, plusMs(0))).toBeNull()
    expect(await storage.idempotency.find(id, plusMs(1))).toBeNull()
  })

  test('stand once: the second of two makes no key either, and leaves the first as it was', async () => {
    const first = await insert()
    const key = keyRow(owner)
    const landed = await storage.atomically((tx) => [
      storage.keys.insert(tx, key),
      storage.idempotency.insert(tx, { ...recordRow(), id: first.id, keyId: key.id }),
    ])
    expect(landed).toBe(false)
    expect(await storage.keys.find(key.id)).toBeNull()
    expect(await storage.idempotency.find(first.id, plusMs(-1))).toEqual(first)
  })

  test('of two replicas that are asked at the same time one makes the key', async () => {
    const second = await openStorage(context.url, { connectMs: 5000, statementMs: 5000 })
    for (let round = 0; round < 5; round += 1) {
      const id = randomText(43)
      const keys = [keyRow(owner), keyRow(owner)]
      const results = await Promise.all(
        [storage, second].map((each, index) =>
          each.atomically((tx) => [
            each.idempotency.prune(tx, plusMs(-1)),
            each.keys.insert(tx, keys[index] ?? keyRow(owner)),
            each.idempotency.insert(tx, recordRow({ id, keyId: keys[index]?.id ?? '' })),
          ]),
        ),
      )
      expect(results.toSorted()).toEqual([false, true])
      const winner = keys[results.indexOf(true)]?.id ?? ''
      expect((await second.idempotency.find(id, plusMs(-1)))?.keyId).toBe(winner)
      const there = await storage.keys.namesOf(keys.map((key) => key.id))
      expect(there.map(({ id }) => id)).toEqual([winner])
    }
    await second.close()
  })

  test('of another day are forgotten, and no younger ones: then their name can be used again', async () => {
    const old = await insert({ createdAt: plusMs(10) })
    const edge = await insert({ createdAt: plusMs(20) })
    const young = await insert({ createdAt: plusMs(21) })
    await land(storage, (tx) => [storage.idempotency.prune(tx, plusMs(20))])
    const left = await Promise.all(
      [old, edge, young].map(({ id }) => storage.idempotency.find(id, plusMs(0))),
    )
    expect(left).toEqual([null, null, young])
    const again = recordRow({ id: old.id, createdAt: plusMs(90) })
    await land(storage, (tx) => [
      storage.idempotency.prune(tx, plusMs(20)),
      storage.idempotency.insert(tx, again),
    ])
    expect(await storage.idempotency.find(old.id, plusMs(20))).toEqual(again)
  })

  test('make room for their own name in the list that forgets them', async () => {
    const old = await insert({ createdAt: plusMs(200) })
    const again = recordRow({ id: old.id, createdAt: plusMs(400) })
    await land(storage, (tx) => [
      storage.idempotency.prune(tx, plusMs(300)),
      storage.idempotency.insert(tx, again),
    ])
    expect(await storage.idempotency.find(old.id, plusMs(300))).toEqual(again)
  })

  test('hold nothing that a key text could be made of', async () => {
    const record = await insert()
    expect(Object.keys(record).sort()).toEqual(['bodyHash', 'createdAt', 'id', 'keyId'])
    const found = await storage.idempotency.find(record.id, plusMs(-1))
    expect(Object.keys(found ?? {}).sort()).toEqual(['bodyHash', 'createdAt', 'id', 'keyId'])
  })
})

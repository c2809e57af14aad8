import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

describe('the keyring', () => {
  let database: TestDatabase
  let storages: Storage[]
  beforeEach(async () => {
    database = await createTestDatabase()
    const { url } = database
    storages = [await openStorage(url), await openStorage(url), await openStorage(url)]
  })
  afterEach(async () => {
    for (const storage of storages) await storage.close()
    await database.drop()
  })
  const wrapKey = randomBytes(32)
  const now = () => new Date('2027-03-01T10:00:00.000Z')
  const hex = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString('hex'))
  const openAll = (key: Uint8Array, previousWrapKey: Uint8Array | null = null) =>
    Promise.all(storages.map((storage) => openKeyring({ storage, wrapKey: key, previousWrapKey, now })))

  test('is made once when three processes start at once, and all use the same key', async () => {
    const keyrings = await openAll(wrapKey)
    const [first, ...others] = keyrings.map(({ tagKeys }) => hex(tagKeys))
    expect(first).toHaveLength(1)
    for (const other of others) expect(other).toEqual(first)
    const created = await storages[0]?.audit.find({ action: 'keyring.created', limit: 5 })
    expect(created).toHaveLength(1)
  })

  test('is re-wrapped once when three processes start at once with a new master key', async () => {
    const before = hex((await openAll(wrapKey))[0]?.tagKeys ?? [])
    const nextKey = randomBytes(32)
    for (const { tagKeys } of await openAll(nextKey, wrapKey)) expect(hex(tagKeys)).toEqual(before)
    for (const { tagKeys } of await openAll(nextKey)) expect(hex(tagKeys)).toEqual(before)
    expect(await storages[0]?.audit.find({ action: 'keyring.rewrapped', limit: 5 })).toHaveLength(1)
    await expect(openAll(wrapKey)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('a wrapped key moved to another id does not open', async () => {
    await openAll(wrapKey)
    const [storage] = storages
    const [key] = (await storage?.keyring.all()) ?? []
    if (storage === undefined || key === undefined) throw new Error('no keyring')
    await storage.atomically((tx) => [storage.keyring.insert(tx, { ...key, id: 'tag-2' })])
    await expect(openAll(wrapKey)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

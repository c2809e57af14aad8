import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditAction } from '../../src/domain/audit-event.ts'
import { type Keyring, openKeyring } from '../../src/services/open-keyring.ts'
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
  const hex = (key: Uint8Array) => Buffer.from(key).toString('hex')
  const textOf = ({ tagKeys, auditKeys }: Keyring) => ({
    tags: tagKeys.map(hex),
    audit: auditKeys.map(({ id, key }) => `${id} ${hex(key)}`),
  })
  const openAll = (key: Uint8Array, previousWrapKey: Uint8Array | null = null) =>
    Promise.all(storages.map((storage) => openKeyring({ storage, wrapKey: key, previousWrapKey, now })))
  const eventsOf = async (action: AuditAction) => {
    const rows = (await storages[0]?.audit.find({ action, limit: 9 })) ?? []
    return rows.map(({ event }) => event.target).sort()
  }

  test('is made once when three processes start at once, and all use the same keys', async () => {
    const [first, ...others] = (await openAll(wrapKey)).map(textOf)
    expect(first?.tags).toHaveLength(1)
    expect(first?.audit).toHaveLength(1)
    expect(first?.audit[0]).not.toContain(first?.tags[0])
    for (const other of others) expect(other).toEqual(first)
    expect(await eventsOf('keyring.created')).toEqual(['keyring:audit-1', 'keyring:tag-1'])
  })

  test('of a database from before there was a key for audit events gets one at the next start, once', async () => {
    const [before] = (await openAll(wrapKey)).map(textOf)
    await database.change("DELETE FROM keyring WHERE id = 'audit-1'")
    const [first, ...others] = (await openAll(wrapKey)).map(textOf)
    for (const other of others) expect(other).toEqual(first)
    expect(first?.tags).toEqual(before?.tags)
    expect(first?.audit).not.toEqual(before?.audit)
    expect(await eventsOf('keyring.created')).toEqual(['keyring:audit-1', 'keyring:audit-1', 'keyring:tag-1'])
  })

  test('is re-wrapped once when three processes start at once with a new master key', async () => {
    const [before] = (await openAll(wrapKey)).map(textOf)
    const nextKey = randomBytes(32)
    for (const keyring of await openAll(nextKey, wrapKey)) expect(textOf(keyring)).toEqual(before)
    for (const keyring of await openAll(nextKey)) expect(textOf(keyring)).toEqual(before)
    expect(await eventsOf('keyring.rewrapped')).toEqual(['keyring:audit-1', 'keyring:tag-1'])
    await expect(openAll(wrapKey)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('makes no key under a master key that does not open the others', async () => {
    await openAll(wrapKey)
    await database.change("DELETE FROM keyring WHERE id = 'audit-1'")
    await expect(openAll(randomBytes(32))).rejects.toMatchObject({ code: 'unavailable' })
    expect(await storages[0]?.keyring.all()).toHaveLength(1)
  })

  test('a wrapped key moved to another id, or marked for another use, does not open', async () => {
    await openAll(wrapKey)
    const [storage] = storages
    const key = (await storage?.keyring.all())?.find(({ purpose }) => purpose === 'tag')
    if (storage === undefined || key === undefined) throw new Error('no keyring')
    await storage.atomically((tx) => [storage.keyring.insert(tx, { ...key, id: 'tag-2' })])
    await expect(openAll(wrapKey)).rejects.toMatchObject({ code: 'unavailable' })
    await database.change("DELETE FROM keyring WHERE id = 'tag-2'")
    await database.change("UPDATE keyring SET purpose = 'tag' WHERE id = 'audit-1'")
    await expect(openAll(wrapKey)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMakeOnce } from '../../src/services/make-once.ts'
import { toUnusedRecord } from '../../src/services/new-key-row.ts'
import { createRotateKey } from '../../src/services/rotate-key.ts'
import type { ApiKey } from '../../src/storage/keys.ts'
import type { Statement, Writer } from '../../src/storage/query.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, keyRow, land, userRow } from '../storage/engines.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { overtaken } from './retirement-context.ts'

const origin = { requestId: 'req', address: null, userAgent: null }
const times = { quietSeconds: 1, graceSeconds: 1 }
const minter = { actor: 'key:minter', role: 'admin', ownScopes: ['keydesk:keys.mint'] } as const
const master = { actor: 'master_key', role: 'admin', ownScopes: null } as const

describe('rotation', () => {
  let database: TestDatabase
  let storage: Storage
  const now = () => baseTime
  beforeEach(async () => {
    database = await createTestDatabase()
    storage = await openStorage(database.url)
  })
  afterEach(async () => {
    await storage.close()
    await database.drop()
  })
  const make = (owner = userRow()) => {
    const { id, secretHash } = keyRow(owner)
    return { id, secretHash, text: 'shown once' }
  }

  test('by a key that may only mint gives nobody a text that waits for the promotion of its owner', async () => {
    const owner = userRow({ role: 'member' })
    const old = keyRow(owner, { scopes: ['keydesk:admin'] })
    await land(storage, (tx) => [storage.users.insert(tx, owner), storage.keys.insert(tx, old)])
    const rotateKey = createRotateKey({
      storage,
      makeKey: async () => make(),
      makeOnce: createMakeOnce({ storage, now }),
      now,
    })
    const result = await rotateKey(old.id, times, minter, origin).catch((error: unknown) => error)
    expect(result).toMatchObject({ code: 'forbidden' })
  })

  test('judges what the key carries when it is replaced, not before', async () => {
    const owner = userRow({ role: 'admin' })
    const old = keyRow(owner, { scopes: [] })
    await land(storage, (tx) => [storage.users.insert(tx, owner), storage.keys.insert(tx, old)])
    const makeKey = async () => {
      const key = await storage.keys.find(old.id)
      if (key === null) throw new Error('no key')
      await land(storage, (tx) => [storage.keys.update(tx, { ...key, scopes: ['keydesk:admin'] })])
      return make()
    }
    const rotateKey = createRotateKey({ storage, makeKey, makeOnce: createMakeOnce({ storage, now }), now })
    const result = await rotateKey(old.id, times, minter, origin).catch((error: unknown) => error)
    expect(result).toMatchObject({ code: 'forbidden' })
  })

  test.each<[string, (key: ApiKey) => (tx: Writer) => Statement[], string]>([
    ['the key is revoked', (key) => (tx) => [storage.keys.revoke(tx, key.id, baseTime)], 'is revoked'],
    [
      'its owner is disabled',
      ({ userId }) =>
        (tx) => [storage.users.update(tx, { ...userRow(), id: userId, status: 'disabled', version: 1 })],
      'is disabled',
    ],
    [
      'the key comes to carry more',
      (key) => (tx) => [
        storage.keys.update(tx, {
          ...toUnusedRecord(key),
          scopes: ['keydesk:keys.mint', 'keydesk:audit.read'],
        }),
      ],
      'does not carry keydesk:audit.read',
    ],
  ])('makes no successor where %s at the same time, and says why', async (_, change, reason) => {
    const owner = userRow({ role: 'admin' })
    const old = keyRow(owner, { scopes: ['keydesk:keys.mint'] })
    await land(storage, (tx) => [storage.users.insert(tx, owner), storage.keys.insert(tx, old)])
    const rotateKey = createRotateKey({
      storage: overtaken(storage, () => land(storage, change(old))),
      makeKey: async () => make(),
      makeOnce: createMakeOnce({ storage, now }),
      now,
    })
    const refused = await rotateKey(old.id, times, minter, origin).catch((error: unknown) => error)
    expect(refused).toMatchObject({ message: expect.stringContaining(reason) })
    expect(await storage.keys.find(old.id)).toMatchObject({ successorId: null })
    expect(await storage.audit.find({ action: 'key.minted', limit: 5 })).toEqual([])
  })

  test('asked for twice at once under one Idempotency-Key answers both with the one successor', async () => {
    const owner = userRow()
    const old = keyRow(owner)
    await land(storage, (tx) => [storage.users.insert(tx, owner), storage.keys.insert(tx, old)])
    const once = { actor: 'master_key', route: 'POST /x', name: 'n', bodyHash: 'h' } as const
    const makeOnce = createMakeOnce({ storage, now })
    const fast = createRotateKey({ storage, makeKey: async () => make(), makeOnce, now })
    const slow = createRotateKey({
      storage,
      makeKey: async () => {
        await fast(old.id, times, master, origin, once)
        return make()
      },
      makeOnce,
      now,
    })
    expect(await slow(old.id, times, master, origin, once)).toMatchObject({
      keyText: null,
      retiring: { id: old.id },
    })
  })
})

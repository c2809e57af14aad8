import { beforeAll, describe, expect, test } from 'vitest'
import type { ApiKey } from '../../src/storage/keys.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, keyRow, land, userRow } from './engines.ts'
import { retirement, rotatedKeys, seconds } from './rotated-keys.ts'

describe.each(engines)('keys that another replaces, on $name', (engine) => {
  const desk = rotatedKeys(engine)
  const { owner, insertKey, found, use } = desk
  let storage: Storage
  beforeAll(() => {
    storage = desk.storage
  })

  const begin = (key: Pick<ApiKey, 'id' | 'version'>, facts = retirement('successor')) =>
    storage.atomically((tx) => [{ statement: storage.keys.beginRetirement(tx, key, facts), rows: 1 }])

  describe('the beginning of a retirement', () => {
    test('links the keys, makes a new version, and changes nothing else', async () => {
      const key = await insertKey({ scopes: ['a'], metadata: { n: 1 }, expiresAt: seconds(5) })
      expect(await begin(key)).toBe(true)
      expect(await found(key.id)).toEqual({ ...key, ...retirement('successor'), version: 2 })
    })

    test('happens once a version: who has not seen the first successor does not replace it', async () => {
      const key = await insertKey()
      expect(await begin(key, retirement('first'))).toBe(true)
      expect(await begin(key, retirement('second'))).toBe(false)
      expect(await found(key.id)).toMatchObject({ successorId: 'first', version: 2 })
      expect(await begin(await found(key.id), retirement('second'))).toBe(true)
      expect(await found(key.id)).toMatchObject({ successorId: 'second', version: 3 })
    })

    test('of one key on two replicas at the same time leaves one successor', async () => {
      const second = await openStorage(desk.url, { connectMs: 5000, statementMs: 5000 })
      const key = await insertKey()
      const successors = [keyRow(owner), keyRow(owner)]
      const results = await Promise.all(
        [storage, second].map((each, index) => {
          const successor = successors[index] ?? keyRow(owner)
          return each.atomically((tx) => [
            each.keys.insert(tx, successor),
            { statement: each.keys.beginRetirement(tx, key, retirement(successor.id)), rows: 1 },
          ])
        }),
      )
      expect(results.toSorted()).toEqual([false, true])
      const winner = successors[results.indexOf(true)]?.id
      expect((await found(key.id)).successorId).toBe(winner)
      const there = await storage.keys.namesOf(successors.map(({ id }) => id))
      expect(there.map(({ id }) => id)).toEqual([winner])
      await second.close()
    })

    test('is not for revoked keys, nor for one that was changed since it was read', async () => {
      const revoked = await insertKey({ revokedAt: baseTime })
      expect(await begin(revoked)).toBe(false)
      expect(await found(revoked.id)).toEqual(revoked)
      const changed = await insertKey()
      const renamed = { ...changed, name: 'renamed' }
      await land(storage, (tx) => [storage.keys.update(tx, renamed)])
      expect(await begin(changed)).toBe(false)
      expect(await found(changed.id)).toEqual({ ...renamed, version: 2 })
      expect(await begin({ id: 'unknown', version: 1 })).toBe(false)
    })
  })

  test.each(['update', 'beginRetirement'] as const)(
    '%s never makes a revoked key good again, in whatever version it is asked for',
    async (write) => {
      const key = await insertKey()
      await land(storage, (tx) => [storage.keys.revoke(tx, key.id, seconds(3), 'lost')])
      const revoked = await found(key.id)
      expect(revoked).toMatchObject({ revokedAt: seconds(3), revokedReason: 'lost', version: 2 })
      for (const read of [key, revoked]) {
        const landed = await storage.atomically((tx) => [
          {
            statement: {
              update: () => storage.keys.update(tx, { ...read, name: 'x', revokedAt: null }),
              beginRetirement: () => storage.keys.beginRetirement(tx, read, retirement('y')),
            }[write](),
            rows: 1,
          },
        ])
        expect(landed).toBe(false)
      }
      expect(await found(key.id)).toEqual(revoked)
    },
  )

  test('a change by an admin lands once a version, and touches neither the successor nor the owner', async () => {
    const key = await insertKey({ ...retirement('successor'), predecessorId: 'before' })
    const change = {
      name: 'new',
      scopes: ['b'],
      expiresAt: seconds(7),
      metadata: { n: 2 },
      rateLimit: { limit: 3, window_seconds: 60 },
      allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'],
      retiresAt: seconds(9),
    }
    const others = { userId: 'usr_other', successorId: null, rotatedAt: null, createdAt: seconds(8) }
    const update = () =>
      storage.atomically((tx) => [
        { statement: storage.keys.update(tx, { ...key, ...change, ...others }), rows: 1 },
      ])
    expect(await update()).toBe(true)
    expect(await update()).toBe(false)
    expect(await found(key.id)).toEqual({ ...key, ...change, version: 2 })
  })

  test.each(['revoke', 'revokeOfUser', 'revokeAsRead'] as const)(
    '%s ends the retirement with the key, and keeps the link',
    async (write) => {
      const user = userRow()
      const row = keyRow(user, retirement('successor'))
      await land(storage, (tx) => [storage.users.insert(tx, user), storage.keys.insert(tx, row)])
      await land(storage, (tx) => [
        {
          revoke: () => storage.keys.revoke(tx, row.id, seconds(3), 'lost'),
          revokeOfUser: () => storage.keys.revokeOfUser(tx, user.id, seconds(3), 'lost'),
          revokeAsRead: () => storage.keys.revokeAsRead(tx, row, seconds(3), 'lost'),
        }[write](),
      ])
      expect(await found(row.id)).toMatchObject({
        revokedAt: seconds(3),
        revokedReason: 'lost',
        retiresAt: null,
        successorId: 'successor',
        version: 2,
      })
    },
  )

  describe.each(['revokeAsRead', 'handOver', 'endRetirement'] as const)('%s', (write) => {
    const on = (key: Pick<ApiKey, 'id' | 'version'>) =>
      storage.atomically((tx) => [
        {
          statement: {
            revokeAsRead: () => storage.keys.revokeAsRead(tx, key, seconds(4), null),
            handOver: () => storage.keys.handOver(tx, key, 'heir'),
            endRetirement: () => storage.keys.endRetirement(tx, key),
          }[write](),
          rows: 1,
        },
      ])

    test('lands once a version, and says so', async () => {
      const key = await insertKey(retirement('successor'))
      expect(await on(key)).toBe(true)
      const after = await found(key.id)
      expect(after).toEqual({
        ...key,
        version: 2,
        ...{
          revokeAsRead: { revokedAt: seconds(4), retiresAt: null },
          handOver: { successorId: 'heir' },
          endRetirement: { successorId: null, rotatedAt: null, quietSeconds: null, retiresAt: null },
        }[write],
      })
      expect(await on(key)).toBe(false)
      expect(await found(key.id)).toEqual(after)
    })

    test('leaves a dead key alone', async () => {
      const key = await insertKey({ ...retirement('successor'), revokedAt: seconds(1) })
      expect(await on(key)).toBe(false)
      expect(await found(key.id)).toEqual(key)
    })
  })

  test('requireLive holds for a key that is neither revoked nor expired, and makes no new version', async () => {
    const holds = (id: string, now: Date) =>
      storage.atomically((tx) => [{ statement: storage.keys.requireLive(tx, id, now), rows: 1 }])
    const [plain, revoked] = [await insertKey(), await insertKey({ revokedAt: baseTime })]
    const expiring = await insertKey({ expiresAt: seconds(5) })
    expect(await holds(plain.id, seconds(1))).toBe(true)
    expect(await holds(revoked.id, seconds(1))).toBe(false)
    expect([await holds(expiring.id, seconds(4.999)), await holds(expiring.id, seconds(5))]).toEqual([
      true,
      false,
    ])
    expect(await holds('unknown', seconds(1))).toBe(false)
    expect(await found(plain.id)).toEqual(plain)
  })

  test('the use of a key is no new version of it', async () => {
    const key = await insertKey()
    await use(key.id, seconds(1))
    expect(await found(key.id)).toMatchObject({ version: 1, lastUsedAt: seconds(1) })
  })
})

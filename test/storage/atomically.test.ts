import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KeydeskError } from '../../src/domain/errors.ts'
import type { Statement, Writer } from '../../src/storage/query.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, eventRow, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

describe.each(engines)('a list of statements on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const owner = userRow()
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => [storage.users.insert(tx, owner)])
  })
  afterAll(() => context.end())

  const exists = async (id: string) => (await storage.users.find(id)) !== null
  const never = (tx: Parameters<Parameters<Storage['atomically']>[0]>[0]) => ({
    statement: storage.users.requireActive(tx, 'usr_unknown'),
    rows: 1,
  })

  test('lands whole, in order', async () => {
    const user = userRow()
    const key = keyRow(user)
    const landed = await storage.atomically((tx) => [
      storage.users.insert(tx, user),
      { statement: storage.keys.insert(tx, key), rows: 1 },
      { statement: storage.keys.revoke(tx, key.id, plusMs(1)), rows: 1 },
      ...storage.audit.record(tx, eventRow({ target: `key:${key.id}` })),
    ])
    expect(landed).toBe(true)
    expect((await storage.keys.find(key.id))?.revokedAt).toEqual(plusMs(1))
    expect(await storage.audit.find({ target: `key:${key.id}`, limit: 5 })).toHaveLength(1)
  })

  test.each([0, 1, 2, 3])('lands not at all when the guard at place %i does not hold', async (place) => {
    const users = [userRow(), userRow(), userRow()]
    const event = eventRow()
    const landed = await storage.atomically((tx) => {
      const steps: (ReturnType<typeof never> | ReturnType<Storage['users']['insert']>)[] = [
        ...users.map((user) => storage.users.insert(tx, user)),
        ...storage.audit.record(tx, event),
      ]
      return [...steps.slice(0, place), never(tx), ...steps.slice(place)]
    })
    expect(landed).toBe(false)
    for (const user of users) expect(await exists(user.id)).toBe(false)
    const trail = await storage.audit.find({ limit: 200 })
    expect(trail.some((row) => row.event.id === event.id)).toBe(false)
  })

  test('a guard of 0 rows holds only where nothing was changed', async () => {
    const key = keyRow(owner)
    await land(storage, (tx) => [storage.keys.insert(tx, key)])
    const none = () =>
      storage.atomically((tx) => [{ statement: storage.keys.revoke(tx, key.id, baseTime), rows: 0 }])
    expect(await none()).toBe(false)
    expect((await storage.keys.find(key.id))?.revokedAt).toBeNull()
    await land(storage, (tx) => [storage.keys.revoke(tx, key.id, baseTime)])
    expect(await none()).toBe(true)
  })

  test('a unique row that is there already is false, and nothing of the list lands', async () => {
    const user = userRow()
    const twice = await storage.atomically((tx) => [
      storage.users.insert(tx, user),
      storage.users.insert(tx, userRow({ id: owner.id })),
    ])
    expect(twice).toBe(false)
    expect(await exists(user.id)).toBe(false)
    const sameEmail = userRow({ email: user.email })
    expect(
      await storage.atomically((tx) => [storage.users.insert(tx, user), storage.users.insert(tx, sameEmail)]),
    ).toBe(false)
    expect(await exists(user.id)).toBe(false)
  })

  test('a broken reference is a failure of ours: unavailable, with the cause for the log alone', async () => {
    const user = userRow()
    const failing = storage.atomically((tx) => [
      storage.users.insert(tx, user),
      storage.keys.insert(tx, keyRow(userRow())),
    ])
    const error = await failing.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(KeydeskError)
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(String(error)).not.toMatch(/SQLITE|constraint|insert/i)
    expect((error as KeydeskError).cause).toBeInstanceOf(Error)
    expect(await exists(user.id)).toBe(false)
  })

  test('what others remember and what is read in order cannot be written without a word to them', async () => {
    const key = keyRow(owner)
    const lists: ((tx: Writer) => Statement[])[] = [
      (tx) => [storage.keys.insert(tx, key)],
      (tx) => [storage.keys.revoke(tx, key.id, baseTime)],
      (tx) => [storage.users.updateProfile(tx, owner)],
      (tx) => storage.audit.record(tx, eventRow()),
    ]
    for (const list of lists)
      await expect(storage.atomicallyUnnoticed(list)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await storage.keys.find(key.id)).toBeNull()
  })

  test('a change is known at once to who made it: what it touched has changed, and all else has not', async () => {
    const [first, second] = [keyRow(owner), keyRow(owner)]
    await land(storage, (tx) => [storage.keys.insert(tx, first), storage.keys.insert(tx, second)])
    await storage.confirmChanges()
    const read = await storage.generation()
    expect(storage.changedSince(read, [first.id, second.id])).toBe(false)
    await land(storage, (tx) => [storage.keys.revoke(tx, first.id, baseTime)])
    await storage.generation()
    expect(storage.changedSince(read, [first.id])).toBe(true)
    expect(storage.changedSince(read, [second.id])).toBe(false)
    expect((await storage.confirmChanges()).every(({ confirmed }) => confirmed)).toBe(true)
  })

  test('a guard that changes nothing makes nobody read anything again', async () => {
    await storage.confirmChanges()
    const read = await storage.generation()
    const guarded = await storage.atomically((tx) => [
      { statement: storage.users.requireActive(tx, owner.id), rows: 1 },
      { statement: storage.users.requireKeysBelow(tx, owner.id, 'sso', 1000, baseTime), rows: 1 },
      storage.keys.insert(tx, keyRow(owner)),
    ])
    expect(guarded).toBe(true)
    await storage.confirmChanges()
    expect(storage.changedSince(read, [owner.id])).toBe(false)
  })

  test('an empty list lands', async () => {
    expect(await storage.atomically(() => [])).toBe(true)
  })

  test('after a failed list the next one works', async () => {
    await storage.atomically((tx) => [never(tx)])
    const user = userRow()
    await land(storage, (tx) => [storage.users.insert(tx, user)])
    expect(await exists(user.id)).toBe(true)
  })

  test('of 40 lists at once that all want to be the first to change a user, one lands', async () => {
    const user = userRow()
    await land(storage, (tx) => [storage.users.insert(tx, user)])
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        storage.atomically((tx) => [
          {
            statement: storage.users.updateProfile(tx, { ...user, name: `name ${index}` }),
            rows: 1,
          },
          ...storage.audit.record(tx, eventRow({ target: `user:${user.id}` })),
        ]),
      ),
    )
    expect(results.filter((landed) => landed)).toHaveLength(1)
    expect((await storage.users.find(user.id))?.version).toBe(2)
    expect(await storage.audit.find({ target: `user:${user.id}`, limit: 50 })).toHaveLength(1)
  })

  test('two connections to one database: of a revocation on each at once, one lands, and both see it', async () => {
    const second = await openStorage(context.url)
    const key = keyRow(owner)
    await land(storage, (tx) => [storage.keys.insert(tx, key)])
    expect(await second.keys.find(key.id)).not.toBeNull()
    const results = await Promise.all(
      [storage, second].map((each, index) =>
        each.atomically((tx) => [{ statement: each.keys.revoke(tx, key.id, plusMs(index)), rows: 1 }]),
      ),
    )
    expect(results.sort()).toEqual([false, true])
    expect((await second.keys.find(key.id))?.revokedAt).not.toBeNull()
    expect(await storage.keys.find(key.id)).toEqual(await second.keys.find(key.id))
    await second.close()
  })
})

describe.each(engines)('a database on $name that does not answer', (engine) => {
  test('is unavailable for every read, write and ping: never an empty answer', async () => {
    const { storage, end } = await freshStorage(engine)
    await storage.close()
    const user = userRow()
    const calls: (() => Promise<unknown>)[] = [
      () => storage.users.find('x'),
      () => storage.users.find('x'),
      () => storage.users.page({ limit: 1, after: null }),
      () => storage.identities.findWithUser('x', 'x'),
      () => storage.identities.ofUser('x'),
      () => storage.keys.find('x'),
      () => storage.keys.findWithOwner('x'),
      () => storage.keys.countLiveThrough('x', 'sso', baseTime),
      () =>
        storage.keyLists.page({ status: 'all', now: baseTime, sort: '-created_at', limit: 1, after: null }),
      () => storage.keyLists.idsOf({ status: 'all', now: baseTime }, 1),
      () => storage.keys.dueToRetire(baseTime, baseTime, 1),
      () => storage.keys.namesOf(['x']),
      () => storage.keys.unrevokedAmong(['x']),
      () => storage.idempotency.find('x', baseTime),
      () => storage.keyring.all(),
      () => storage.audit.find({ limit: 1 }),
      () => storage.ping(),
      () => storage.atomically((tx) => [storage.users.insert(tx, user)]),
    ]
    for (const call of calls) {
      const error = await Promise.resolve()
        .then(call)
        .catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(KeydeskError)
      expect(error).toMatchObject({ code: 'unavailable' })
    }
    await end()
  })
})

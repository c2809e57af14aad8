import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { sessionRow } from './access-rows.ts'
import { baseTime, engines, freshStorage, land, plusMs, userRow } from './engines.ts'

describe.each(engines)('sessions on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const [user, other] = [userRow(), userRow()]
  beforeEach(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => [user, other].map((row) => storage.users.insert(tx, row)))
  })
  afterEach(() => context.end())

  const insert = async (change: Parameters<typeof sessionRow>[1] = {}, owner = user) => {
    const session = sessionRow(owner, change)
    await land(storage, (tx) => [storage.sessions.insert(tx, session)])
    return session
  }
  const left = async (owner = user) =>
    (await storage.sessions.ofUser(owner.id, new Date(0), new Date(0))).map(({ id }) => id)

  test('are found with their user by the hash of the host-only value, and by nothing else', async () => {
    const session = await insert({ secretHash: 'aBc', appSecretHash: 'app' })
    expect(await storage.sessions.findBySecret('aBc')).toEqual({ session, user, identities: [] })
    for (const hash of ['app', 'abc', 'aB', 'aBc ', '', '%', "' OR 1=1 --", session.id])
      expect(await storage.sessions.findBySecret(hash), hash).toBeNull()
  })

  test('have values of their own, and a user', async () => {
    const session = await insert()
    const again = { ...sessionRow(user), secretHash: session.secretHash }
    expect(await storage.atomically((tx) => [storage.sessions.insert(tx, again)])).toBe(false)
    const sameApp = { ...sessionRow(user), appSecretHash: session.appSecretHash }
    expect(await storage.atomically((tx) => [storage.sessions.insert(tx, sameApp)])).toBe(false)
    await insert({ appSecretHash: null })
    await insert({ appSecretHash: null })
    await expect(
      storage.atomically((tx) => [storage.sessions.insert(tx, sessionRow(userRow()))]),
    ).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('of a user are listed newest first, without those that are too old or idle', async () => {
    const older = await insert()
    const newer = await insert({ createdAt: plusMs(5), lastSeenAt: plusMs(9) })
    await insert({}, other)
    const of = async (now: Date, idleSince: Date) =>
      (await storage.sessions.ofUser(user.id, now, idleSince)).map(({ id }) => id)
    expect(await of(baseTime, plusMs(-1))).toEqual([newer.id, older.id])
    expect(await of(baseTime, baseTime)).toEqual([newer.id])
    expect(await of(plusMs(9999), plusMs(-1))).toEqual([newer.id, older.id])
    expect(await of(plusMs(10_000), plusMs(-1))).toEqual([])
  })

  test('are touched only forwards, and a touch brings none back', async () => {
    const session = await insert()
    const touch = (at: Date) =>
      storage.atomicallyUnnoticed((tx) => [storage.sessions.touch(tx, session.id, at)])
    await touch(plusMs(50))
    await touch(plusMs(20))
    expect((await storage.sessions.findBySecret(session.secretHash))?.session.lastSeenAt).toEqual(plusMs(50))
    await land(storage, (tx) => [storage.sessions.end(tx, session.id)])
    await touch(plusMs(90))
    expect(await storage.sessions.findBySecret(session.secretHash)).toBeNull()
  })

  test('end one by one, all of a user, and all', async () => {
    const sessions = [await insert(), await insert(), await insert(), await insert()]
    const [first, second, third, fourth] = sessions
    const foreign = await insert({}, other)
    await land(storage, (tx) => [storage.sessions.end(tx, first?.id ?? '')])
    await land(storage, (tx) => [storage.sessions.end(tx, second?.id ?? '')])
    expect((await left()).sort()).toEqual([third?.id, fourth?.id].sort())
    await land(storage, (tx) => [storage.sessions.endOfUser(tx, user.id)])
    expect([await left(), await left(other)]).toEqual([[], [foreign.id]])
    await insert()
    await land(storage, (tx) => [storage.sessions.endAll(tx)])
    expect([await left(), await left(other)]).toEqual([[], []])
  })

  test('are forgotten when their longest life is over, and not before', async () => {
    const [short, long] = [await insert({ expiresAt: plusMs(5) }), await insert()]
    await land(storage, (tx) => [storage.sessions.prune(tx, plusMs(5))])
    expect((await left()).sort()).toEqual([short.id, long.id].sort())
    await land(storage, (tx) => [storage.sessions.prune(tx, plusMs(6))])
    expect(await left()).toEqual([long.id])
  })

  test('are kept to the newest of a user; nobody else loses one', async () => {
    const foreign = await insert({ createdAt: plusMs(-99) }, other)
    const made = []
    for (let n = 0; n < 5; n += 1) made.push(await insert({ createdAt: plusMs(n) }))
    await land(storage, (tx) => [storage.sessions.endAllBut(tx, user.id, 2)])
    expect(await left()).toEqual([made[4]?.id, made[3]?.id])
    expect(await left(other)).toEqual([foreign.id])
  })

  test('can be asked for in a list: one that somebody has ended rolls it back', async () => {
    const session = await insert()
    const ask = () =>
      storage.atomically((tx) => [{ statement: storage.sessions.require(tx, session.id), rows: 1 }])
    expect(await ask()).toBe(true)
    await land(storage, (tx) => [storage.sessions.end(tx, session.id)])
    expect(await ask()).toBe(false)
  })
})

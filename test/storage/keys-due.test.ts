import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ApiKey } from '../../src/storage/keys.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, keyRow, land, userRow } from './engines.ts'
import { retirement, rotatedKeys, seconds } from './rotated-keys.ts'

describe.each(engines)('keys that may retire, on $name', (engine) => {
  const desk = rotatedKeys(engine)
  const { owner, insertKey, use } = desk
  let storage: Storage
  beforeAll(() => {
    storage = desk.storage
  })

  beforeEach(async () => {
    const left = [
      ...(await storage.keys.dueToRetire(seconds(1e9), seconds(1e9), 10_000)),
      ...(await storage.keys.leftAlone(seconds(1e9), 10_000)),
    ]
    for (const { id } of left) await land(storage, (tx) => [storage.keys.revoke(tx, id, baseTime)])
  })

  /** A key that was rotated at the base time, quiet after 60 s, with 1000 s of grace. */
  const insertPair = async (change: Partial<ApiKey> = {}) => {
    const successor = await insertKey()
    const old = await insertKey({ ...retirement(successor.id), ...change })
    return { old, successor }
  }
  const due = async (now: number, unseenSince = now) =>
    (await storage.keys.dueToRetire(seconds(now), seconds(unseenSince), 100)).map(({ id }) => id)

  test('is not what nothing has replaced, whatever its age and use', async () => {
    const plain = await insertKey({ expiresAt: seconds(1) })
    await use(plain.id, seconds(1))
    expect(await due(1e6)).toEqual([])
  })

  test('is a key quiet since its rotation, once the successor was used, to the second', async () => {
    const { old, successor } = await insertPair()
    expect(await due(500)).toEqual([])
    await use(successor.id, seconds(1))
    expect(await due(59.999)).toEqual([])
    expect(await storage.keys.dueToRetire(seconds(60), seconds(60), 100)).toMatchObject([
      { id: old.id, userId: owner.id, successorId: successor.id, isGraceOver: false },
    ])
  })

  test('is no key that somebody uses: quiet begins with its last use, before or after the rotation', async () => {
    const { old, successor } = await insertPair()
    await use(successor.id, seconds(1))
    await use(old.id, seconds(-5000))
    expect(await due(59.999)).toEqual([])
    await use(old.id, seconds(100))
    expect(await due(159.999)).toEqual([])
    expect(await due(160)).toEqual([old.id])
  })

  test('is no key whose uses may not be known yet', async () => {
    const { old, successor } = await insertPair()
    await use(successor.id, seconds(1))
    expect(await due(80, 59.999)).toEqual([])
    expect(await due(80, 60)).toEqual([old.id])
  })

  test('is every key whose grace is over, in use or not, with its successor used or not', async () => {
    const { old, successor } = await insertPair()
    await use(old.id, seconds(999))
    expect(await due(999.999)).toEqual([])
    expect(await storage.keys.dueToRetire(seconds(1000), seconds(0), 100)).toMatchObject([
      { id: old.id, userId: owner.id, successorId: successor.id, isGraceOver: true },
    ])
  })

  test('is at once a key that needs no quiet, as soon as its successor is used', async () => {
    const { old, successor } = await insertPair({ quietSeconds: 0 })
    expect(await due(10)).toEqual([])
    await use(successor.id, seconds(1))
    expect(await due(10)).toEqual([old.id])
  })

  test.each([
    ['revoked', { revokedAt: baseTime }],
    ['expired', { expiresAt: seconds(500) }],
  ])('is no key whose successor is %s, not even past its grace: that one is left alone', async (_, end) => {
    const successor = await insertKey(end)
    await use(successor.id, seconds(1))
    const old = await insertKey(retirement(successor.id))
    const orphan = await insertKey(retirement('unknown'))
    const { old: other } = await insertPair()
    expect(await due(5000)).toEqual([other.id])
    const left = (await storage.keys.leftAlone(seconds(5000), 100)).map(({ id }) => id)
    expect(left.toSorted()).toEqual([old.id, orphan.id].toSorted())
    expect(await storage.keys.leftAlone(seconds(5000), 1)).toHaveLength(1)
  })

  test('is found behind any number of keys that nobody retires yet', async () => {
    const successor = await insertKey()
    const crowd = userRow()
    await land(storage, (tx) => [storage.users.insert(tx, crowd)])
    const rows = Array.from({ length: 1050 }, () => keyRow(crowd, retirement(successor.id)))
    for (let done = 0; done < rows.length; done += 150)
      await land(storage, (tx) => rows.slice(done, done + 150).map((row) => storage.keys.insert(tx, row)))
    const last = await insertPair({ retiresAt: seconds(2000), quietSeconds: 1 })
    await use(last.successor.id, seconds(1))
    expect(await due(500)).toEqual([last.old.id])
    await land(storage, (tx) => [storage.keys.revokeOfUser(tx, crowd.id, baseTime)])
  })

  test('is no revoked key', async () => {
    const { old, successor } = await insertPair()
    await use(successor.id, seconds(1))
    await land(storage, (tx) => [storage.keys.revoke(tx, old.id, seconds(5))])
    expect(await due(5000)).toEqual([])
  })

  test('is the use of its own successor, not of any other key', async () => {
    const [used, unused] = [await insertPair(), await insertPair()]
    await use(used.successor.id, seconds(1))
    await use(unused.old.id, seconds(1))
    expect(await due(500)).toEqual([used.old.id])
  })

  test('is told in the order of the end of grace, and no more at once than asked for', async () => {
    const pairs = []
    for (const grace of [300, 100, 200]) pairs.push(await insertPair({ retiresAt: seconds(grace) }))
    const [last, first, second] = pairs.map(({ old }) => old.id)
    const told = await storage.keys.dueToRetire(seconds(5000), seconds(5000), 2)
    expect(told.map(({ id }) => id)).toEqual([first, second])
    expect(await due(5000)).toEqual([first, second, last])
  })
})

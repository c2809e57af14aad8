import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRecordUsage } from '../../src/services/record-usage.ts'
import { createRetireKeys } from '../../src/services/retire-keys.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { keyRow, land } from '../storage/engines.ts'
import { day, hour, type RetirementContext, startRetirements, usageSecondsMax } from './retirement-context.ts'

describe('the sweep that retires keys', () => {
  let desk: RetirementContext
  beforeEach(async () => {
    desk = await startRetirements()
  })
  afterEach(() => desk.close())

  const live = { revokedAt: null, revokedReason: null }

  test('leaves a key alone that is used every hour, until its grace is over', async () => {
    const old = await desk.insertKey()
    const successor = await desk.rotate(old, day, 3 * day)
    for (let hours = 0; hours < 3 * 24 - 1; hours += 1) {
      desk.pass(hour)
      await desk.use(old, successor)
      expect(await desk.retireKeys()).toBe(0)
    }
    desk.pass(hour - 0.001)
    await desk.use(old)
    expect(await desk.retireKeys()).toBe(0)
    expect(await desk.stateOf(old)).toEqual(live)
    desk.pass(0.001)
    expect(await desk.retireKeys()).toBe(1)
    expect(await desk.stateOf(old)).toEqual({ revokedAt: desk.now(), revokedReason: 'retired' })
    expect(await desk.stateOf(successor)).toEqual(live)
  })

  test('retires a key that has been quiet for long enough, once its successor has been used', async () => {
    const old = await desk.insertKey()
    const successor = await desk.rotate(old)
    desk.pass(hour)
    await desk.use(old, successor)
    desk.pass(day + usageSecondsMax - 0.001)
    expect(await desk.retireKeys()).toBe(0)
    desk.pass(0.001)
    expect(await desk.retireKeys()).toBe(1)
    expect(await desk.stateOf(old)).toEqual({ revokedAt: desk.now(), revokedReason: 'retired' })
  })

  test('leaves a quiet key alone for all of its grace while nobody uses the successor', async () => {
    const old = await desk.insertKey()
    await desk.use(old)
    const successor = await desk.rotate(old, day, 30 * day)
    desk.pass(29 * day)
    expect(await desk.retireKeys()).toBe(0)
    await desk.use(successor)
    expect(await desk.retireKeys()).toBe(1)
    expect(await desk.stateOf(old)).toEqual({ revokedAt: desk.now(), revokedReason: 'retired' })
  })

  test('takes no use before the rotation for quiet after it', async () => {
    const old = await desk.insertKey()
    await desk.use(old)
    desk.pass(90 * day)
    await desk.use(await desk.rotate(old))
    desk.pass(day)
    expect(await desk.retireKeys()).toBe(0)
    desk.pass(usageSecondsMax)
    expect(await desk.retireKeys()).toBe(1)
  })

  test('leaves a key alone that was used where only another process knows it, and that tells it in time', async () => {
    const old = await desk.insertKey()
    await desk.use(await desk.rotate(old))
    const elsewhere = createRecordUsage({ storage: desk.storage })
    desk.pass(day - 1)
    elsewhere.used(old, { at: desk.now(), address: null, userAgent: undefined })
    desk.pass(usageSecondsMax)
    expect(await desk.retireKeys()).toBe(0)
    await elsewhere.flush()
    desk.pass(2)
    expect(await desk.retireKeys()).toBe(0)
    desk.pass(day)
    expect(await desk.retireKeys()).toBe(1)
  })

  test('leaves every other key alone', async () => {
    const plain = await desk.insertKey()
    const expired = await desk.insertKey({ expiresAt: new Date(desk.now().getTime() + 1000) })
    const revoked = await desk.insertKey()
    await desk.rotate(revoked)
    await land(desk.storage, (tx) => [desk.storage.keys.revoke(tx, revoked, desk.now(), 'lost')])
    const before = await desk.stateOf(revoked)
    desk.pass(1000 * day)
    expect(await desk.retireKeys()).toBe(0)
    expect(await desk.stateOf(plain)).toEqual(live)
    expect(await desk.stateOf(expired)).toEqual(live)
    expect(await desk.stateOf(revoked)).toEqual(before)
    expect(await desk.retired()).toEqual([])
  })

  test('writes down once for each key which one took its place and why, as nobody in person', async () => {
    const [quiet, late] = [await desk.insertKey(), await desk.insertKey()]
    const [afterQuiet, afterLate] = [
      await desk.rotate(quiet, day, 9 * day),
      await desk.rotate(late, day, 3 * day),
    ]
    await desk.use(afterQuiet)
    desk.pass(2 * day)
    await desk.use(late)
    expect(await desk.retireKeys()).toBe(1)
    desk.pass(day)
    expect(await desk.retireKeys()).toBe(1)
    expect(await desk.retireKeys()).toBe(0)
    const facts = (successor: string, reason: string) => ({
      user_id: desk.owner.id,
      successor_id: successor,
      reason,
    })
    expect(await desk.retired()).toMatchObject([
      { actor: 'system', target: `key:${quiet}`, facts: facts(afterQuiet, 'quiet') },
      { actor: 'system', target: `key:${late}`, facts: facts(afterLate, 'grace_over') },
    ])
  })

  test('goes along a chain of rotations, each key in its own time', async () => {
    const first = await desk.insertKey()
    const second = await desk.rotate(first)
    await desk.use(second)
    desk.pass(hour)
    const third = await desk.rotate(second)
    desk.pass(day)
    expect(await desk.retireKeys()).toBe(1)
    expect(await desk.stateOf(second)).toEqual(live)
    await desk.use(third)
    desk.pass(usageSecondsMax)
    expect(await desk.retireKeys()).toBe(1)
    expect((await desk.stateOf(second)).revokedReason).toBe('retired')
    expect(await desk.stateOf(third)).toEqual(live)
  })

  test('retires each key once when several processes sweep at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => desk.insertKey()))
    for (const id of ids) await desk.rotate(id)
    desk.pass(31 * day)
    const others = [await openStorage(desk.database.url), await openStorage(desk.database.url)]
    const sweeps = [desk.storage, ...others].map((each) =>
      createRetireKeys({ storage: each, usageSecondsMax, now: desk.now }),
    )
    const counts = await Promise.all(sweeps.map((sweep) => sweep()))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8)
    const targets = (await desk.retired()).map(({ target }) => target)
    expect(targets.toSorted()).toEqual(ids.map((id) => `key:${id}`).toSorted())
    for (const other of others) await other.close()
  })

  test('retires more keys than it takes at once within a few rounds, and none but those', async () => {
    const successorId = await desk.insertKey()
    const rows = Array.from({ length: 450 }, () =>
      keyRow(desk.owner, { successorId, rotatedAt: desk.now(), quietSeconds: day, retiresAt: desk.now() }),
    )
    await land(desk.storage, (tx) => rows.map((row) => desk.storage.keys.insert(tx, row)))
    const counts = [
      await desk.retireKeys(),
      await desk.retireKeys(),
      await desk.retireKeys(),
      await desk.retireKeys(),
    ]
    expect(counts).toEqual([200, 200, 50, 0])
  })

  test('fails when the database does not answer, and retires then what it could not before', async () => {
    const old = await desk.insertKey()
    await desk.rotate(old)
    desk.pass(31 * day)
    const restore = await desk.database.breakDown()
    await expect(desk.retireKeys()).rejects.toMatchObject({ code: 'unavailable' })
    await restore()
    expect(await desk.retireKeys()).toBe(1)
    expect((await desk.stateOf(old)).revokedReason).toBe('retired')
  })
})

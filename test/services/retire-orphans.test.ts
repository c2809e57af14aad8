import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRetireKeys } from '../../src/services/retire-keys.ts'
import { land } from '../storage/engines.ts'
import { day, hour, type RetirementContext, startRetirements, usageSecondsMax } from './retirement-context.ts'

describe('a key whose successor dies first', () => {
  let desk: RetirementContext
  beforeEach(async () => {
    desk = await startRetirements()
  })
  afterEach(() => desk.close())

  const live = { revokedAt: null, revokedReason: null }

  test('goes on for good, quiet and past its grace, as if it had never been replaced; written down once', async () => {
    const old = await desk.insertKey()
    const before = await desk.storage.keys.find(old)
    const successor = await desk.rotate(old, day, 2 * day)
    await desk.use(successor)
    desk.pass(2 * day)
    await desk.revoke(successor)
    for (let round = 0; round < 3; round += 1) {
      desk.pass(90 * day)
      expect(await desk.retireKeys()).toBe(0)
    }
    expect(await desk.storage.keys.find(old)).toEqual({ ...before, version: 3 })
    expect(await desk.updated()).toMatchObject([
      {
        actor: 'system',
        target: `key:${old}`,
        facts: {
          user_id: desk.owner.id,
          changed: ['successor_id', 'retires_at'],
          successor_id: null,
          retires_at: null,
          reason: 'successor_dead',
        },
      },
    ])
    expect(await desk.retired()).toEqual([])
  })

  test('goes on also where the successor expired', async () => {
    const old = await desk.insertKey()
    const successor = await desk.insertKey({ expiresAt: desk.inSeconds(hour) })
    const times = { rotatedAt: desk.now(), quietSeconds: 60, retiresAt: desk.inSeconds(day) }
    await land(desk.storage, (tx) => [
      desk.storage.keys.beginRetirement(tx, { id: old, version: 1 }, { successorId: successor, ...times }),
    ])
    await desk.use(successor)
    desk.pass(2 * day)
    expect(await desk.retireKeys()).toBe(0)
    expect(await desk.storage.keys.find(old)).toMatchObject({
      successorId: null,
      retiresAt: null,
      revokedAt: null,
    })
  })

  test('is rotated again at once, and retires in favour of the new successor', async () => {
    const old = await desk.insertKey()
    await desk.revoke(await desk.rotate(old))
    const second = await desk.rotate(old)
    expect(await desk.storage.keys.find(old)).toMatchObject({ successorId: second, revokedAt: null })
    expect(await desk.storage.keys.find(second)).toMatchObject({ predecessorId: old })
    await desk.use(second)
    desk.pass(2 * day)
    expect(await desk.retireKeys()).toBe(1)
    expect((await desk.stateOf(old)).revokedReason).toBe('retired')
  })

  test('waits for what replaced the successor, where something did: by revocation or by retirement', async () => {
    for (const reason of ['leaked', 'retired']) {
      const first = await desk.insertKey()
      const second = await desk.rotate(first, hour, 100 * day)
      const third = await desk.rotate(second, hour, 100 * day)
      await desk.revoke(second, reason)
      desk.pass(day)
      expect(await desk.retireKeys()).toBe(0)
      expect(await desk.storage.keys.find(first)).toMatchObject({ successorId: third, revokedAt: null })
      await desk.use(third)
      expect(await desk.retireKeys()).toBe(1)
      expect((await desk.stateOf(first)).revokedReason).toBe('retired')
      expect(await desk.stateOf(third)).toEqual(live)
    }
  })

  test('is not retired by a sweep that read it before the successor was revoked, nor where it was put off', async () => {
    const [orphan, late] = [await desk.insertKey(), await desk.insertKey()]
    const successor = await desk.rotate(orphan, day, 2 * day)
    await desk.rotate(late, day, 2 * day)
    desk.pass(3 * day)
    const { keys } = desk.storage
    let isFirst = true
    const dueToRetire: typeof keys.dueToRetire = async (...given) => {
      const due = await keys.dueToRetire(...given)
      if (isFirst) {
        await desk.revoke(successor)
        const key = await keys.find(late)
        const retiresAt = desk.inSeconds(day)
        await land(desk.storage, (tx) => (key === null ? [] : [keys.update(tx, { ...key, retiresAt })]))
      }
      isFirst = false
      return due
    }
    const racing = { ...desk.storage, keys: { ...keys, dueToRetire } }
    expect(await createRetireKeys({ storage: racing, usageSecondsMax, now: desk.now })()).toBe(0)
    expect(await desk.stateOf(orphan)).toEqual(live)
    expect(await desk.stateOf(late)).toEqual(live)
  })

  test('an expired key retires in its time like any other, which is written down once, and nothing is said before', async () => {
    const old = await desk.insertKey({ expiresAt: desk.inSeconds(hour) })
    await desk.rotate(old, day, 30 * day)
    desk.pass(29 * day)
    for (let round = 0; round < 3; round += 1) expect(await desk.retireKeys()).toBe(0)
    expect(await desk.stateOf(old)).toEqual(live)
    desk.pass(day)
    // Its successor has expired as well: nothing takes its place.
    expect(await desk.retireKeys()).toBe(0)
    const other = await desk.insertKey({ expiresAt: desk.inSeconds(60 * day) })
    desk.pass(30 * day)
    const next = await desk.rotate(other, day, 100 * day)
    desk.pass(29.5 * day)
    await desk.use(other, next)
    desk.pass(day)
    expect(await desk.retireKeys()).toBe(0)
    desk.pass(usageSecondsMax)
    expect([await desk.retireKeys(), await desk.retireKeys()]).toEqual([1, 0])
    expect((await desk.retired()).map(({ target }) => target)).toEqual([`key:${other}`])
  })
})

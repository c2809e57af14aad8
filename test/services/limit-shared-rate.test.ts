import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomText } from '../../src/domain/random-text.ts'
import type { LimitRate } from '../../src/services/limit-rate.ts'
import { createLimitSharedRate, untoldMax } from '../../src/services/limit-shared-rate.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'

const replicasCount = 5

describe('a limit that five replicas count together', () => {
  let database: TestDatabase
  let storages: Storage[]
  beforeAll(async () => {
    database = await createTestDatabaseOn(18)
    storages = []
    for (let replica = 0; replica < replicasCount; replica += 1)
      storages.push(await openStorage(database.url))
  })
  afterAll(async () => {
    for (const storage of storages) await storage.close()
    await database.drop()
  })
  const limiters = (): LimitRate[] =>
    storages.map(({ rateCounts }) => {
      if (rateCounts === null) throw new Error('replicas on Postgres count together')
      return createLimitSharedRate(rateCounts)
    })

  test.each([1, 2, 7, 10, 100, 1000])(
    'of %i is passed by no fewer, and by at most a tenth a replica more, whatever comes at once',
    async (limit) => {
      const policy = { limit, window_seconds: 600 }
      const name = randomText(12)
      const replicas = limiters()
      const calls = Array.from({ length: limit * 6 }, (_, index) =>
        replicas[index % replicasCount]?.(name, policy),
      )
      const states = await Promise.all(calls)
      const allowed = states.filter((state) => state?.allowed).length
      expect(allowed).toBeGreaterThanOrEqual(limit)
      expect(allowed).toBeLessThanOrEqual(limit - 1 + replicasCount * untoldMax(policy))
      for (const replica of replicas) expect((await replica(name, policy)).allowed).toBe(false)
    },
  )

  test('is exact where only one of them is asked', async () => {
    const policy = { limit: 50, window_seconds: 600 }
    const [replica] = limiters()
    const name = randomText(12)
    const states = await Promise.all(Array.from({ length: 200 }, () => replica?.(name, policy)))
    expect(states.filter((state) => state?.allowed)).toHaveLength(50)
  })

  test('is held over requests one after another, at one replica and then at the next', async () => {
    const policy = { limit: 40, window_seconds: 600 }
    const name = randomText(12)
    let allowed = 0
    for (const replica of limiters()) {
      for (let call = 0; call < 40; call += 1) if ((await replica(name, policy)).allowed) allowed += 1
    }
    expect(allowed).toBeGreaterThanOrEqual(40)
    expect(allowed).toBeLessThanOrEqual(39 + replicasCount * untoldMax(policy))
  })

  test('is held also where they begin one after another, in windows of a second', async () => {
    const policy = { limit: 100, window_seconds: 1 }
    const name = randomText(12)
    const replicas = limiters()
    const allowed = new Map<number, number>()
    const until = performance.now() + 3500
    await Promise.all(
      replicas.map(async (replica, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * 130))
        while (performance.now() < until) {
          const before = Math.floor(Date.now() / 1000)
          const state = await replica(name, policy)
          // Only what was asked and answered within one second is counted: the bound is about a window.
          if (state.allowed && Math.floor(Date.now() / 1000) === before)
            allowed.set(before, (allowed.get(before) ?? 0) + 1)
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      }),
    )
    expect(allowed.size).toBeGreaterThanOrEqual(3)
    for (const count of allowed.values())
      expect(count).toBeLessThanOrEqual(99 + replicasCount * untoldMax(policy))
  })

  test('begins anew for all when its window ends', async () => {
    const policy = { limit: 2, window_seconds: 1 }
    const name = randomText(12)
    const [one, other] = limiters()
    const isAllowed = async (replica: LimitRate | undefined) => (await replica?.(name, policy))?.allowed
    while (await isAllowed(one));
    await expect.poll(() => isAllowed(one), { timeout: 3000, interval: 20 }).toBe(true)
    await expect.poll(() => isAllowed(other), { timeout: 3000, interval: 20 }).toBe(true)
  })

  test('asks the database once for many requests, and not at all for one that is known to be too many', async () => {
    const policy = { limit: 1000, window_seconds: 600 }
    const name = randomText(12)
    const [{ rateCounts } = { rateCounts: null }] = storages
    if (rateCounts === null) throw new Error('no counts')
    let asked = 0
    const replica = createLimitSharedRate({
      add: (...values) => {
        asked += 1
        return rateCounts.add(...values)
      },
    })
    for (let call = 0; call < 1000; call += 1) await replica(name, policy)
    expect(asked).toBeLessThanOrEqual(25)
    const before = asked
    await expect.poll(async () => (await replica(name, policy)).allowed).toBe(false)
    for (let call = 0; call < 100; call += 1) await replica(name, policy)
    expect(asked - before).toBeLessThanOrEqual(1)
  })

  test('is unavailable, and never passed unheard, where the database does not answer', async () => {
    const policy = { limit: 100, window_seconds: 600 }
    const name = randomText(12)
    const replica = createLimitSharedRate({
      add: () => Promise.reject(new Error('the database is gone')),
    })
    const states = await Promise.allSettled(Array.from({ length: 50 }, () => replica(name, policy)))
    const allowed = states.filter((state) => state.status === 'fulfilled' && state.value.allowed)
    expect(allowed.length).toBeLessThanOrEqual(untoldMax(policy))
    expect(states.filter(({ status }) => status === 'rejected').length).toBe(50 - allowed.length)
  })
})

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { addressBucket } from '../../src/domain/rate-limit.ts'
import { createLimitRate } from '../../src/services/limit-rate.ts'

describe('the count of requests under a name', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const policy = { limit: 3, window_seconds: 10 }

  test('allows exactly the limit in a window, says what is left, and begins anew when the window ends', async () => {
    const limitRate = createLimitRate()
    for (let round = 0; round < 3; round += 1) {
      const states = await Promise.all(Array.from({ length: 20 }, () => limitRate('a', policy)))
      expect(states.filter(({ allowed }) => allowed)).toHaveLength(3)
      expect(states.slice(0, 5).map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0, 0])
      expect(new Set(states.map(({ resetSeconds }) => resetSeconds))).toEqual(new Set([10]))
      vi.advanceTimersByTime(9_999)
      expect(await limitRate('a', policy)).toMatchObject({ allowed: false, resetSeconds: 1 })
      vi.advanceTimersByTime(1)
    }
  })

  test('is not prolonged by who goes on asking past the limit', async () => {
    const limitRate = createLimitRate()
    for (let tenth = 0; tenth < 100; tenth += 1) {
      await limitRate('a', policy)
      vi.advanceTimersByTime(100)
    }
    expect((await limitRate('a', policy)).allowed).toBe(true)
  })

  test('is another under another name and under another policy', async () => {
    const limitRate = createLimitRate()
    for (let call = 0; call < 4; call += 1) await limitRate('a', policy)
    expect((await limitRate('a', policy)).allowed).toBe(false)
    expect((await limitRate('b', policy)).allowed).toBe(true)
    expect((await limitRate('a', { ...policy, limit: 100 })).allowed).toBe(true)
  })

  test('stays exact with more policies in use than anybody will have', async () => {
    const limitRate = createLimitRate()
    for (let call = 0; call < 4; call += 1) await limitRate('a', policy)
    for (let other = 0; other < 3000; other += 1)
      await limitRate('b', { limit: 10 + other, window_seconds: 10 })
    expect((await limitRate('a', policy)).allowed).toBe(false)
  })

  test('leaves nothing behind when its window has ended', async () => {
    const limitRate = createLimitRate()
    for (let name = 0; name < 1000; name += 1) await limitRate(`name ${name}`, policy)
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    vi.advanceTimersByTime(10_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the name of an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', 'unknown'],
    ['nonsense', 'unknown'],
  ])('%s is %s', (address, name) => {
    expect(addressBucket(address)).toBe(name)
  })

  test('that is not known is one for all', () => expect(addressBucket(null)).toBe('unknown'))
})

import argon2 from 'argon2'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSecretHasher } from '../../src/services/hash-secret.ts'
import { createMetrics } from '../../src/services/metrics.ts'

describe('hashing', () => {
  afterEach(() => void vi.restoreAllMocks())

  const hasherOf = (change: Partial<Parameters<typeof createSecretHasher>[0]> = {}) =>
    createSecretHasher({
      memoryKib: 64,
      timeCost: 1,
      parallelism: 1,
      concurrency: 3,
      waitingMax: 1000,
      waitSecondsMax: 30,
      metrics: createMetrics(),
      ...change,
    })

  test('runs as many at a time as it may and no more, and answers every one for its own text', async () => {
    const hasher = hasherOf()
    const verify = argon2.verify
    let running = 0
    let most = 0
    vi.spyOn(argon2, 'verify').mockImplementation(async (hash, text) => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 2))
      return verify(hash, text).finally(() => {
        running -= 1
      })
    })
    const hash = await hasher.hash('right')
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => hasher.verify(hash, n % 3 === 0 ? 'right' : `wrong ${n}`)),
    )
    expect(answers).toEqual(answers.map((_, n) => n % 3 === 0))
    expect(most).toBe(3)
  })

  test('keeps Argon2id with the configured cost in the hash, and verifies what was made at another cost', async () => {
    const [cheap, dear] = [hasherOf(), hasherOf({ memoryKib: 256, timeCost: 3 })]
    const hash = await dear.hash('text')
    expect(hash).toMatch(/^\$argon2id\$v=19\$(?=[^$]*m=256)(?=[^$]*t=3)(?=[^$]*p=1)/)
    expect(await cheap.verify(hash, 'text')).toBe(true)
    expect(await cheap.verify(hash, 'texT')).toBe(false)
  })

  test('refuses who would wait behind too many, and a failed hash lets the next begin', async () => {
    const hasher = hasherOf({ concurrency: 1, waitingMax: 2 })
    const hash = await hasher.hash('text')
    vi.spyOn(argon2, 'verify').mockRejectedValueOnce(new Error('out of memory'))
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => hasher.verify(hash, 'text')))
    expect(outcomes.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    for (const outcome of outcomes.slice(3))
      expect(outcome).toMatchObject({ reason: { code: 'overloaded', retryAfterSeconds: expect.any(Number) } })
    expect(await hasher.verify(hash, 'text')).toBe(true)
  })
})

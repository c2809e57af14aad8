import argon2 from 'argon2'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'

const queueLength = 'keydesk_argon2_queue_length'

describe('the queue of keys that wait to be hashed', () => {
  let desk: Desk
  const open: (() => void)[] = []
  beforeEach(async () => {
    desk = await startDesk({ ARGON2_CONCURRENCY: '1', ARGON2_QUEUE_MAX: '1', ARGON2_QUEUE_TIMEOUT: '1s' })
  })
  afterEach(async () => {
    for (const release of open.splice(0)) release()
    vi.restoreAllMocks()
    await desk.close()
  })

  test('when full answers 503 overloaded with Retry-After, while a warm key goes on being answered', async () => {
    const keys = await mintOneByOne(6)
    const [warm = '', ...cold] = keys
    expect(await desk.codeFor(warm)).toBe('valid')
    // Half a second and more each: real hashes, so that what is shown holds for the real pool of threads.
    for (const key of cold) await makeExpensive(key)
    const asking = cold.map((key) => desk.validate(key))
    let isOver = false
    const all = Promise.all(asking).finally(() => {
      isOver = true
    })
    let slowest = 0
    let answered = 0
    while (!isOver) {
      const begunAt = performance.now()
      expect((await desk.validate(warm)).status).toBe(200)
      slowest = Math.max(slowest, performance.now() - begunAt)
      answered += 1
    }
    const answers = await all
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 200, 503, 503, 503])
    for (const answer of answers.filter(({ status }) => status === 503)) {
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await json(answer)).toMatchObject({ code: 'overloaded', status: 503 })
    }
    expect(answered).toBeGreaterThan(20)
    expect(slowest).toBeLessThan(400)
    expect(await desk.metric(queueLength)).toBe(0)
    // Nobody is left behind: who came too early is served on trying again.
    for (const key of cold) expect(await desk.codeFor(key)).toBe('valid')
  })

  test('lets go who waited too long with 503 overloaded, does not hash for them, and is empty afterwards', async () => {
    const [first = '', second = '', third = ''] = await mintOneByOne(3)
    const release = holdArgon2()
    const running = desk.codeFor(first)
    await vi.waitFor(() => expect(argon2.verify).toHaveBeenCalledTimes(1))
    const begunAt = performance.now()
    const waiting = [desk.validate(second), desk.validate(second)]
    await vi.waitFor(async () => expect(await desk.metric(queueLength)).toBe(1))
    for (const answer of await Promise.all(waiting)) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/)
      expect((await json(answer)).code).toBe('overloaded')
    }
    expect(performance.now() - begunAt).toBeGreaterThan(950)
    expect(await desk.metric(queueLength)).toBe(0)
    // The place is free again for somebody else.
    const next = desk.codeFor(third)
    await vi.waitFor(async () => expect(await desk.metric(queueLength)).toBe(1))
    release()
    // What has begun is let run, longer than anybody may wait.
    expect([await running, await next]).toEqual(['valid', 'valid'])
    expect(argon2.verify).toHaveBeenCalledTimes(2)
    expect(await desk.codeFor(second)).toBe('valid')
  })

  test('when full answers minting the same way, and forged and unknown keys as ever', async () => {
    const [first = '', second = ''] = await mintOneByOne(2)
    const release = holdArgon2()
    const asking = [desk.codeFor(first)]
    await vi.waitFor(() => expect(argon2.verify).toHaveBeenCalledTimes(1))
    asking.push(desk.codeFor(second))
    await vi.waitFor(async () => expect(await desk.metric(queueLength)).toBe(1))
    const minting = await desk.postKey({})
    expect(minting.status).toBe(503)
    expect(minting.headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/)
    expect((await json(minting)).code).toBe('overloaded')
    expect(await desk.codeFor(`${first.slice(0, -1)}x`)).toBe('invalid_key')
    release()
    expect(await Promise.all(asking)).toEqual(['valid', 'valid'])
    expect(await desk.rows('SELECT id FROM api_keys')).toHaveLength(2)
  })

  test('with a hasher that fails answers 500 or 503, never 200 or 401, and the next try is a new one', async () => {
    const [key = ''] = await mintOneByOne(1)
    vi.spyOn(argon2, 'verify').mockRejectedValueOnce(new Error('out of memory'))
    const answers = await Promise.all([desk.validate(key), desk.validate(key)])
    for (const { status } of answers) expect([200, 500, 503]).toContain(status)
    expect(answers.filter(({ status }) => status >= 500).length).toBeGreaterThan(0)
    expect(await desk.codeFor(key)).toBe('valid')
  })

  /** One after another: two at once would be more than this queue takes. */
  async function mintOneByOne(count: number): Promise<string[]> {
    const keys: string[] = []
    for (let n = 0; n < count; n += 1) keys.push(await desk.mint())
    return keys
  }

  async function makeExpensive(key: string): Promise<void> {
    const hash = await argon2.hash(key, { memoryCost: 8192, timeCost: 45, parallelism: 1 })
    await desk.sql('UPDATE api_keys SET secret_hash = ? WHERE id = ?', hash, idOf(key))
  }

  function holdArgon2(): () => void {
    const verify = argon2.verify
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    open.push(release)
    vi.spyOn(argon2, 'verify').mockImplementation(async (hash, text) => {
      await gate
      return verify(hash, text)
    })
    return release
  }
})

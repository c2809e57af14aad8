import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { testEngine } from '../../support/test-database.ts'

/** Windows that replicas share are those of the clock: a test of one begins in its first half. */
const earlyInWindow = (seconds: number) =>
  vi.waitUntil(() => testEngine === 'sqlite' || Date.now() % (seconds * 1000) < seconds * 600, {
    timeout: seconds * 1000,
    interval: 5,
  })
const limited = (limit: number, window_seconds = 3600) => ({ rate_limit: { limit, window_seconds } })

describe('the limit of a key', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk({ KEY_RATE_LIMIT: '3/1h' })
  })
  afterAll(() => desk.close())

  const many = (count: number, ask: (n: number) => Promise<Response>) =>
    Promise.all(Array.from({ length: count }, (_, n) => ask(n)))
  const tally = (answers: Response[]) => ({
    passed: answers.filter(({ status }) => status === 200).length,
    limited: answers.filter(({ status }) => status === 429).length,
  })

  test.each([
    ['warm', true],
    ['cold', false],
  ])('of 10 lets exactly 10 of 200 parallel calls pass when it is %s', async (_, isWarm) => {
    const key = await desk.mint({ scopes: ['a'], ...limited(10) })
    // A refusal for another reason proves the secret and takes nothing from the limit.
    if (isWarm) expect(await desk.codeFor(key, '?scope=b')).toBe('insufficient_scope')
    expect(tally(await many(200, () => desk.validate(key)))).toEqual({ passed: 10, limited: 190 })
    expect(tally(await many(20, () => desk.validate(key)))).toEqual({ passed: 0, limited: 20 })
  })

  test('is told in every answer in the form of the draft: RateLimit, RateLimit-Policy, and Retry-After past it', async () => {
    const key = await desk.mint(limited(2))
    const answers = [await desk.validate(key), await desk.validate(key), await desk.validate(key)]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(answers.map(({ headers }) => headers.get('ratelimit-policy'))).toEqual(
      Array(3).fill('"key";q=2;w=3600'),
    )
    const left = answers.map(({ headers }) => /^"key";r=(\d+);t=(\d+)$/.exec(headers.get('ratelimit') ?? ''))
    expect(left.map((match) => Number(match?.[1]))).toEqual([1, 0, 0])
    for (const match of left) expect(Number(match?.[2])).toBeGreaterThan(0)
    for (const match of left) expect(Number(match?.[2])).toBeLessThanOrEqual(3600)
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual([null, null, left[2]?.[2]])
    const refused = answers[2]!
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(await json(refused)).toMatchObject({ code: 'rate_limited', status: 429 })
    // The same for a POST and for who asks for a page.
    for (const init of [{ method: 'POST' }, { headers: { accept: 'text/html' } }]) {
      const other = await desk.gateway.fetch('/v1/validate', {
        ...init,
        headers: { ...init.headers, 'x-api-key': key },
      })
      expect(other.status).toBe(429)
      expect(other.headers.get('ratelimit-policy')).toBe('"key";q=2;w=3600')
      expect(other.headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/)
    }
  })

  test('of its own beats the default, whether it is higher or lower, and is shown by the admin API', async () => {
    const [own, lower, byDefault] = [
      await desk.mint(limited(5)),
      await desk.mint(limited(1)),
      await desk.mint(),
    ]
    expect(tally(await many(20, () => desk.validate(own))).passed).toBe(5)
    expect(tally(await many(20, () => desk.validate(lower))).passed).toBe(1)
    expect(tally(await many(20, () => desk.validate(byDefault))).passed).toBe(3)
    expect((await desk.read(own)).rate_limit).toEqual({ limit: 5, window_seconds: 3600 })
    expect((await desk.read(byDefault)).rate_limit).toBeNull()
  })

  test('is not shared: not by keys of one owner, nor of two, under one policy and at once', async () => {
    const heir = await desk.addUser()
    const keys = [
      await desk.mint(limited(4)),
      await desk.mint(limited(4)),
      await desk.mint({ user_id: heir, ...limited(4) }),
    ]
    const answers = await many(120, (n) => desk.validate(keys[n % 3]!))
    for (const index of [0, 1, 2])
      expect(tally(answers.filter((_, n) => n % 3 === index))).toEqual({ passed: 4, limited: 36 })
  })

  test('begins anew when its window ends, as Retry-After says', async () => {
    const key = await desk.mint(limited(1, 1))
    expect(await desk.codeFor(key, '?scope=b')).toBe('insufficient_scope')
    await earlyInWindow(1)
    const begunAt = performance.now()
    expect((await desk.validate(key)).status).toBe(200)
    const refused = await desk.validate(key)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('1')
    await vi.waitFor(async () => expect((await desk.validate(key)).status).toBe(200), {
      timeout: 5000,
      interval: 50,
    })
    expect(performance.now() - begunAt).toBeGreaterThan(testEngine === 'postgres' ? 350 : 800)
    expect((await desk.validate(key)).status).toBe(429)
  })

  test('that an admin changes holds at once', async () => {
    const key = await desk.mint(limited(1))
    expect(tally(await many(5, () => desk.validate(key))).passed).toBe(1)
    await desk.sql(
      `UPDATE api_keys SET rate_limit = '{"limit":2,"window_seconds":3600}' WHERE id = ?`,
      idOf(key),
    )
    expect(tally(await many(5, () => desk.validate(key))).passed).toBe(2)
  })

  test('does not hide that a key was revoked', async () => {
    const key = await desk.mint(limited(1))
    expect(tally(await many(3, () => desk.validate(key)))).toEqual({ passed: 1, limited: 2 })
    await desk.revoke(key)
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })

  test.each([
    ['0', { limit: 0, window_seconds: 60 }, 'limit'],
    ['a negative limit', { limit: -1, window_seconds: 60 }, 'limit'],
    ['a fraction', { limit: 1.5, window_seconds: 60 }, 'limit'],
    ['a text', { limit: '10', window_seconds: 60 }, 'limit'],
    ['a limit that is too large', { limit: 1e12, window_seconds: 60 }, 'limit'],
    ['a window of 0', { limit: 1, window_seconds: 0 }, 'window_seconds'],
    ['a negative window', { limit: 1, window_seconds: -60 }, 'window_seconds'],
    ['a fraction of a second', { limit: 1, window_seconds: 0.5 }, 'window_seconds'],
    ['a huge window', { limit: 1, window_seconds: 9e15 }, 'window_seconds'],
    ['no window', { limit: 1 }, 'window_seconds'],
    ['no limit', { window_seconds: 60 }, 'limit'],
    ['an unknown member', { limit: 1, window_seconds: 60, burst: 5 }, 'burst'],
    ['a list', [1, 60], 'rate_limit'],
    ['a text instead', '1/60s', 'rate_limit'],
    ['false', false, 'rate_limit'],
  ])('of %s is refused with 400 that names the field, and no key is made', async (_, rate_limit, field) => {
    const before = await desk.rows('SELECT count(*) AS count FROM api_keys')
    const response = await desk.postKey({ rate_limit })
    expect(response.status).toBe(400)
    const problem = await json(response)
    expect(problem.code).toBe('invalid_request')
    expect(problem.detail).toContain('rate_limit')
    expect(problem.detail).toContain(field)
    expect(await desk.rows('SELECT count(*) AS count FROM api_keys')).toEqual(before)
  })

  test('is off unless it is set, and then nothing of it is in the answer', async () => {
    await desk.gateway.restart({ KEY_RATE_LIMIT: 'off' })
    const key = await desk.mint()
    expect(tally(await many(100, () => desk.validate(key)))).toEqual({ passed: 100, limited: 0 })
    const { headers } = await desk.validate(key)
    for (const name of ['ratelimit', 'ratelimit-policy', 'retry-after']) expect(headers.has(name)).toBe(false)
  })
})

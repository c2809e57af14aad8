import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Desk, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'

let desk: Desk
afterEach(() => desk?.close())

const from = (address: string) => ({ 'x-forwarded-for': address })

describe('the limit of failing credentials', () => {
  const fail = (address: string) => desk.validate('kd_nonsense', '', from(address))
  const statuses = async (count: number, address: string) => {
    const seen: number[] = []
    for (let n = 0; n < count; n += 1) seen.push((await fail(address)).status)
    return seen
  }

  test('turns failing answers of an address into 429, and a good key from there is still 200', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: '5/60s' })
    const key = await desk.mint({ scopes: ['a'] })
    expect(await statuses(7, '192.0.2.1')).toEqual([401, 401, 401, 401, 401, 429, 429])
    const refused = await fail('192.0.2.1')
    expect(refused.headers.get('ratelimit-policy')).toBe('"failures";q=5;w=60')
    expect(refused.headers.get('ratelimit')).toMatch(/^"failures";r=0;t=[1-9][0-9]?$/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await json(refused)).toMatchObject({ code: 'rate_limited' })
    const good = await desk.validate(key, '', from('192.0.2.1'))
    expect(good.status).toBe(200)
    expect(good.headers.has('ratelimit')).toBe(false)
    // A missing scope is no failing credential.
    expect((await desk.validate(key, '?scope=b', from('192.0.2.1'))).status).toBe(403)
    expect(await statuses(1, '192.0.2.2')).toEqual([401])
  })

  test('is not used up by good keys, and a cold good key passes in the middle of a flood', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: '3/60s' })
    const [warm, cold] = [await desk.mint(), await desk.mint()]
    for (let n = 0; n < 20; n += 1)
      expect((await desk.validate(warm, '', from('192.0.2.1'))).status).toBe(200)
    expect(await statuses(3, '192.0.2.1')).toEqual([401, 401, 401])
    const flood = Array.from({ length: 100 }, () => fail('192.0.2.1'))
    expect((await desk.validate(cold, '', from('192.0.2.1'))).status).toBe(200)
    for (const { status } of await Promise.all(flood)) expect(status).toBe(429)
  })

  test('counts revoked, expired and ownerless keys too, and lets exactly the limit through at once', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: '10/60s' })
    const key = await desk.mint()
    await desk.revoke(key)
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => desk.validate(key, '', from('192.0.2.9'))),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(190)
  })

  test('is one for an IPv6 /64, another for the next, and the same for an IPv4 address and its mapped form', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: '2/60s' })
    const seen = async (...addresses: string[]) => {
      const statuses: number[] = []
      for (const address of addresses) statuses.push((await fail(address)).status)
      return statuses
    }
    expect(
      await seen(
        '2001:db8:1:2::1',
        '2001:db8:1:2:ffff::2',
        '2001:0db8:0001:0002::3',
        '[2001:db8:1:2::4]:443',
      ),
    ).toEqual([401, 401, 429, 429])
    expect(await seen('2001:db8:1:3::1')).toEqual([401])
    expect(
      await seen('192.0.2.7', '::ffff:192.0.2.7', '::ffff:c000:207', '192.0.2.7:1234', '::FFFF:192.0.2.7'),
    ).toEqual([401, 401, 429, 429, 429])
    expect(await seen('192.0.2.8')).toEqual([401])
  })

  test('cannot be walked around by entries that a client puts before those of the proxy', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: '2/60s' })
    const seen: number[] = []
    for (let n = 0; n < 6; n += 1) seen.push((await fail(`198.51.100.${n}, 192.0.2.5`)).status)
    expect(seen).toEqual([401, 401, 429, 429, 429, 429])
  })

  test('ends with its window', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: '1/1s' })
    expect(await statuses(2, '192.0.2.1')).toEqual([401, 429])
    await vi.waitFor(async () => expect((await fail('192.0.2.1')).status).toBe(401), {
      timeout: 5000,
      interval: 60,
    })
  })

  test('is off when it is off', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: 'off' })
    const answers = await Promise.all(Array.from({ length: 300 }, () => fail('192.0.2.1')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  })

  test('of the defaults lets 1,200 a minute through', async () => {
    desk = await startDesk({ FAILURE_RATE_LIMIT: '' })
    const { headers } = await fail('192.0.2.1')
    expect(headers.has('retry-after')).toBe(false)
    for (let round = 0; round < 11; round += 1)
      await Promise.all(Array.from({ length: 109 }, () => fail('192.0.2.1')))
    expect((await fail('192.0.2.1')).status).toBe(429)
  })
})

describe('the limit of /auth/*', () => {
  const login = (address: string, path = '/auth/login') =>
    desk.gateway.fetch(path, { headers: from(address) })

  test('holds for all of its paths together and by address, with the headers of the draft', async () => {
    desk = await startDesk({ AUTH_RATE_LIMIT: '4/60s' })
    const paths = ['/auth/login', '/auth/callback', '/auth/nothing', '/auth/callback?code=x&state=y']
    for (const path of paths) expect((await login('192.0.2.1', path)).status).not.toBe(429)
    for (const path of paths) {
      const refused = await login('192.0.2.1', path)
      expect(refused.status).toBe(429)
      expect(refused.headers.get('ratelimit-policy')).toBe('"auth";q=4;w=60')
      expect(refused.headers.get('ratelimit')).toMatch(/^"auth";r=0;t=[1-9][0-9]?$/)
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9][0-9]?$/)
      expect(await json(refused)).toMatchObject({ code: 'rate_limited', status: 429 })
    }
    expect((await login('192.0.2.2')).status).not.toBe(429)
    expect((await login('::ffff:192.0.2.1')).status).toBe(429)
  })

  test('is no limit of anything else: keys, the admin API and health go on', async () => {
    desk = await startDesk({ AUTH_RATE_LIMIT: '1/60s', FAILURE_RATE_LIMIT: '1/60s' })
    for (let n = 0; n < 3; n += 1) await login('127.0.0.1')
    const key = await desk.mint()
    expect((await desk.validate(key)).status).toBe(200)
    expect((await desk.gateway.fetch('/healthz')).status).toBe(200)
    expect((await desk.validate('kd_x')).status).toBe(401)
    expect((await desk.validate('kd_x')).status).toBe(429)
    expect((await desk.validate(key)).status).toBe(200)
  })

  test('is not walked past by another spelling of the path', async () => {
    desk = await startDesk({ AUTH_RATE_LIMIT: '1/60s' })
    await login('192.0.2.1')
    for (const path of [
      '/auth/login',
      '/auth/login/',
      '/AUTH/login',
      '//auth/login',
      '/auth//login',
      '/auth%2Flogin',
      '/auth/./login',
    ]) {
      const { status } = await login('192.0.2.1', path)
      expect([404, 429], path).toContain(status)
    }
  })

  test('is off when it is off', async () => {
    desk = await startDesk({ AUTH_RATE_LIMIT: 'off' })
    const answers = await Promise.all(Array.from({ length: 100 }, () => login('192.0.2.1')))
    expect(answers.some(({ status }) => status === 429)).toBe(false)
    expect(answers[0]?.headers.has('ratelimit')).toBe(false)
  })
})

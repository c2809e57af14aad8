import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { sealNow } from '../../support/seal-now.ts'

const hourMs = 3_600_000
let clock = new Date()

describe('the use of a key', () => {
  let desk: Desk
  beforeAll(async () => {
    // An hour: what is flushed is flushed by a close, unless a test asks otherwise.
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' }, { now: () => clock })
  })
  afterAll(() => desk.close())

  const stats = (key: string) =>
    desk.rows('SELECT hour, outcome, count FROM key_stats WHERE key_id = ? ORDER BY hour, outcome', idOf(key))

  test('is null and 0 until it was used, and after a shutdown the last time and the count', async () => {
    const key = await desk.mint()
    expect(await desk.read(key)).toMatchObject({ last_used_at: null, request_count: 0 })
    for (let n = 0; n < 7; n += 1) {
      clock = new Date(clock.getTime() + 1000)
      await desk.validate(key)
    }
    const lastUsedAt = clock.toISOString()
    await desk.validate(`${key.slice(0, -1)}x`)
    await desk.gateway.restart()
    expect(await desk.read(key)).toMatchObject({ last_used_at: lastUsedAt, request_count: 7 })
    for (let n = 0; n < 3; n += 1) await desk.validate(key)
    await desk.gateway.restart()
    expect(await desk.read(key)).toMatchObject({ last_used_at: lastUsedAt, request_count: 10 })
    const { data } = (await (await desk.gateway.asAdmin('/admin/keys?limit=200')).json()) as any
    expect(data.find((row: any) => row.id === idOf(key))).toMatchObject({ request_count: 10 })
  })

  test('is not counted where it was refused: neither the count nor the last time moves', async () => {
    const key = await desk.mint({ scopes: ['a'], rate_limit: { limit: 1, window_seconds: 3600 } })
    const usedAt = clock.toISOString()
    expect(await desk.codeFor(key, '?scope=a')).toBe('valid')
    clock = new Date(clock.getTime() + 5000)
    expect(await desk.codeFor(key, '?scope=b')).toBe('insufficient_scope')
    expect(await desk.codeFor(key, '?scope=a')).toBe('rate_limited')
    await desk.gateway.restart()
    expect(await desk.read(key)).toMatchObject({ last_used_at: usedAt, request_count: 1 })
  })

  test('is told by the hour and by outcome', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    clock = new Date(Math.ceil(clock.getTime() / hourMs) * hourMs + 1)
    const first = clock.getTime() - 1
    for (let n = 0; n < 4; n += 1) await desk.codeFor(key)
    for (let n = 0; n < 2; n += 1) await desk.codeFor(key, '?scope=b')
    await desk.gateway.restart()
    clock = new Date(first + hourMs - 1)
    await desk.codeFor(key)
    await desk.gateway.restart()
    clock = new Date(first + hourMs)
    await desk.codeFor(key)
    await desk.codeFor(key, '?scope=b')
    await desk.revoke(key)
    await desk.codeFor(key)
    await desk.gateway.restart()
    expect(await stats(key)).toEqual([
      { hour: first, outcome: 'insufficient_scope', count: 2 },
      { hour: first, outcome: 'valid', count: 5 },
      { hour: first + hourMs, outcome: 'insufficient_scope', count: 1 },
      { hour: first + hourMs, outcome: 'revoked_key', count: 1 },
      { hour: first + hourMs, outcome: 'valid', count: 1 },
    ])
  })

  test('keeps the last five refusals of a key with reason, address and caller, over flushes, and no others', async () => {
    const [key, other] = [await desk.mint({ scopes: ['a'] }), await desk.mint()]
    await desk.codeFor(other, '?scope=x')
    const at: number[] = []
    const refuse = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        clock = new Date(clock.getTime() + 1000)
        at.push(clock.getTime())
        await desk.codeFor(key, '?scope=b', {
          'x-forwarded-for': `192.0.2.${at.length}`,
          'user-agent': `tool/${at.length}`,
        })
      }
      await desk.gateway.restart()
    }
    const kept = () =>
      desk.rows(
        'SELECT at, reason, address, user_agent FROM key_refusals WHERE key_id = ? ORDER BY at',
        idOf(key),
      )
    await refuse(3)
    expect(await kept()).toHaveLength(3)
    await refuse(9)
    await refuse(2)
    expect(await kept()).toEqual(
      at.slice(-5).map((time, index) => ({
        at: time,
        reason: 'insufficient_scope',
        address: `192.0.2.${10 + index}`,
        user_agent: `tool/${10 + index}`,
      })),
    )
    expect(await desk.rows('SELECT 1 FROM key_refusals WHERE key_id = ?', idOf(other))).toHaveLength(1)
  })

  test('a forged key leaves no row under the id that it names', async () => {
    const key = await desk.mint()
    for (let n = 0; n < 20; n += 1)
      await desk.codeFor(`${key.slice(0, -3)}${key.at(-3) === 'a' ? 'b' : 'a'}${n + 10}`)
    await desk.gateway.restart()
    for (const table of ['key_usage', 'key_stats', 'key_refusals'])
      expect(await desk.rows(`SELECT 1 FROM ${table} WHERE key_id = ?`, idOf(key)), table).toEqual([])
  })

  test('verification itself writes nothing: no other connection sees anything change', async () => {
    const keys = await desk.mintMany(5, { scopes: ['a'] })
    await sealNow(desk.gateway)
    const watch = await desk.gateway.database.watchWrites()
    const before = await watch.mark()
    for (let round = 0; round < 10; round += 1)
      for (const key of keys)
        await Promise.all([desk.codeFor(key), desk.codeFor(key, '?scope=b'), desk.codeFor(`${key}x`)])
    expect(await watch.mark()).toBe(before)
    await desk.gateway.restart()
    // Shows that it would have been seen.
    expect(await watch.mark()).not.toBe(before)
    await watch.end()
  })
})

describe('a flush', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1s' })
  })
  afterAll(() => desk.close())

  const flushed = (key: string, count: number) =>
    vi.waitFor(async () => expect((await desk.read(key)).request_count).toBe(count), {
      timeout: 10_000,
      interval: 100,
    })

  test('comes by itself every so often, and makes this process read no record again', async () => {
    const key = await desk.mint()
    for (let n = 0; n < 3; n += 1) await desk.codeFor(key)
    const stale = await desk.metric('keydesk_key_memory_total{result="stale"}')
    await flushed(key, 3)
    for (let n = 0; n < 3; n += 1) await desk.codeFor(key)
    await flushed(key, 6)
    expect(await desk.metric('keydesk_key_memory_total{result="stale"}')).toBe(stale)
    expect(Date.now() - Date.parse((await desk.read(key)).last_used_at)).toBeLessThan(20_000)
  })

  test('that cannot be written says so in the log, is answered to nobody, and loses nothing', async () => {
    const [key, other] = [await desk.mint(), await desk.mint({ scopes: ['a'] })]
    await desk.codeFor(key)
    await flushed(key, 1)
    await desk.sql('ALTER TABLE key_usage RENAME TO key_usage_away')
    try {
      for (let n = 0; n < 4; n += 1) expect(await desk.codeFor(key)).toBe('valid')
      await vi.waitFor(() => expect(desk.gateway.log.join('')).toContain('usage was not written'), 5000)
      for (let n = 0; n < 5; n += 1) expect(await desk.codeFor(key)).toBe('valid')
      for (let n = 0; n < 2; n += 1) expect(await desk.codeFor(other, '?scope=b')).toBe('insufficient_scope')
      expect(await desk.codeFor(other)).toBe('valid')
      const failures = () => desk.gateway.log.filter((line) => line.includes('usage was not written')).length
      const seen = failures()
      await vi.waitFor(() => expect(failures()).toBeGreaterThan(seen), 5000)
    } finally {
      await desk.sql('ALTER TABLE key_usage_away RENAME TO key_usage')
    }
    await flushed(key, 10)
    await flushed(other, 1)
    expect(
      await desk.rows('SELECT outcome, count FROM key_stats WHERE key_id = ? ORDER BY outcome', idOf(other)),
    ).toEqual([
      { outcome: 'insufficient_scope', count: 2 },
      { outcome: 'valid', count: 1 },
    ])
    expect(await desk.rows('SELECT 1 FROM key_refusals WHERE key_id = ?', idOf(other))).toHaveLength(2)
  })

  test('of 300 keys writes every one of them', async () => {
    const keys = await desk.mintMany(300)
    for (let from = 0; from < keys.length; from += 100)
      await Promise.all(keys.slice(from, from + 100).map((key) => desk.codeFor(key)))
    await desk.gateway.restart()
    const rows = await desk.rows('SELECT key_id FROM key_usage WHERE request_count = 1')
    const used = new Set(rows.map(({ key_id }) => key_id))
    expect(keys.filter((key) => !used.has(idOf(key)))).toEqual([])
  })
})

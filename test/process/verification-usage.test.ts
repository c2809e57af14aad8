import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Desk, idOf } from '../support/desk.ts'
import { type DeskPair, startDeskPair } from '../support/desk-pair.ts'
import { testEngine } from '../support/test-database.ts'
import { createWarmClient } from '../support/warm-client.ts'

describe('the use of keys in two processes on one database', () => {
  let pair: DeskPair
  beforeAll(async () => {
    pair = await startDeskPair({ USAGE_FLUSH_INTERVAL: '1s' })
  })
  afterAll(() => pair?.close())

  const counts = (key: string, count: number, timeout = 10_000) =>
    vi.waitFor(async () => expect((await pair.first.read(key)).request_count).toBe(count), {
      timeout,
      interval: 100,
    })
  const stale = (desk: Desk) => desk.metric('keydesk_key_memory_total{result="stale"}')

  test('adds up, with the later time, in whatever order they flush', async () => {
    const key = await pair.first.mint({ scopes: ['a'] })
    for (let round = 0; round < 6; round += 1) {
      await Promise.all([
        pair.first.codeFor(key),
        pair.second.codeFor(key),
        pair.second.codeFor(key),
        pair.second.codeFor(key, '?scope=b'),
        pair.first.codeFor(key, '?scope=b'),
      ])
      await pause(200)
    }
    const before = Date.now()
    await counts(key, 18)
    const { last_used_at } = await pair.second.read(key)
    expect(before - Date.parse(last_used_at)).toBeLessThan(5000)
    const stats = await pair.first.rows(
      'SELECT outcome, sum(count) AS count FROM key_stats WHERE key_id = ? GROUP BY outcome ORDER BY outcome',
      idOf(key),
    )
    expect(stats).toEqual([
      { outcome: 'insufficient_scope', count: 12 },
      { outcome: 'valid', count: 18 },
    ])
    await pause(1100)
    expect(await pair.first.rows('SELECT 1 FROM key_refusals WHERE key_id = ?', idOf(key))).toHaveLength(5)
  })

  test('of one costs the other no more than reading a record again: no Argon2', async () => {
    const [used, known] = [await pair.first.mint(), await pair.second.mint()]
    for (let round = 0; round < 2; round += 1) expect(await pair.second.codeFor(known)).toBe('valid')
    await counts(known, 2)
    const before = { hashes: await pair.second.hashes(), stale: await stale(pair.second) }
    await pair.first.codeFor(used)
    await counts(used, 1)
    for (let n = 0; n < 5; n += 1) expect(await pair.second.codeFor(known)).toBe('valid')
    expect(await pair.second.hashes()).toBe(before.hashes)
    // The pair's own flushes, and the ones of the other, are all that has been written since.
    expect((await stale(pair.second)) - before.stale).toBeLessThanOrEqual(2)
    // A file tells of every write; Postgres tells of what may be remembered, and usage is not.
    if (testEngine === 'sqlite') expect(await stale(pair.second)).toBeGreaterThan(before.stale)
    else expect(await stale(pair.second)).toBe(before.stale)
  })

  test('is written down when a process is ended by SIGTERM', async () => {
    const key = await pair.first.mint()
    for (let n = 0; n < 5; n += 1)
      await pair.secondProcess.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    pair.secondProcess.process().signal('SIGTERM')
    expect(await pair.secondProcess.process().ended).toMatchObject({ code: 0, signal: null })
    const [usage] = await pair.first.rows('SELECT request_count FROM key_usage WHERE key_id = ?', idOf(key))
    expect(usage).toEqual({ request_count: 5 })
    await pair.secondProcess.start()
  })

  describe('while somebody else locks the database for longer than a write may wait', () => {
    let key: string
    let asked = 1
    let slowest = 0
    beforeAll(async () => {
      key = await pair.first.mint()
      const client = createWarmClient(pair.firstProcess.port, 1)
      await client.ask(key)
      await counts(key, 1)
      const unlock = await pair.firstProcess.database.lockWrites()
      const begunAt = performance.now()
      while (performance.now() - begunAt < 5500) {
        const answer = await client.ask(key)
        expect(answer.status).toBe(200)
        asked += 1
        slowest = Math.max(slowest, answer.endedAt - answer.begunAt)
        await pause(20)
      }
      await unlock()
      client.close()
    })

    test('loses no count', () => counts(key, asked, 15_000))

    test('does not hold up the answers about keys that are known', () => {
      expect(slowest).toBeLessThan(500)
    })
  })
})

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DeskPair, startDeskPair } from '../support/desk-pair.ts'
import { createWarmClient, type TimedAnswer } from '../support/warm-client.ts'

const rounds = Number(process.env.CHAOS_ROUNDS ?? 50)
const keysAtOnce = 8
const clientsOfEach = 25

let pair: DeskPair
let clients: ReturnType<typeof createWarmClient>[]
beforeAll(async () => {
  // A memory too small for the keys, so that some are always cold, and flushes in between.
  pair = await startDeskPair({ USAGE_FLUSH_INTERVAL: '1s', VERIFIED_KEYS_MAX: '6' })
  clients = [pair.firstProcess, pair.secondProcess].map(({ port }) => createWarmClient(port, 100))
})
afterAll(async () => {
  for (const client of clients ?? []) client.close()
  await pair?.close()
})

test(`keys revoked at random moments beside 200 verifications never pass afterwards, ${rounds} times ${keysAtOnce} over`, async () => {
  const tried = { good: 0, late: 0 }
  for (let round = 1; round <= rounds; round += 1) {
    const limited = { rate_limit: { limit: 1_000_000, window_seconds: 60 } }
    const keys = [
      ...(await pair.first.mintMany(keysAtOnce / 2)),
      ...(await pair.first.mintMany(keysAtOnce / 2, limited)),
    ]
    const revokedAt = new Map<string, number>()
    const answers: [string, TimedAnswer][] = []
    let isOver = false
    const workers = keys.flatMap((key, n) =>
      Array.from({ length: clientsOfEach }, async () => {
        const client = clients[n % 2]!
        while (!isOver) answers.push([key, await client.ask(key)])
      }),
    )
    await Promise.all(
      keys.map(async (key, n) => {
        await pause(50 + Math.random() * 150)
        const response = await (n % 4 < 2 ? pair.first : pair.second).revoke(key)
        expect(response.status).toBe(204)
        revokedAt.set(key, performance.now())
      }),
    )
    await pause(100)
    isOver = true
    await Promise.all(workers)
    const late = answers.filter(([key, { begunAt }]) => begunAt > (revokedAt.get(key) ?? 0))
    expect(late.filter(([, { code }]) => code !== 'revoked_key').map(([, { code }]) => code)).toEqual([])
    for (const [, { code }] of answers) expect(['valid', 'revoked_key']).toContain(code)
    for (const key of keys)
      for (const desk of [pair.first, pair.second]) expect(await desk.codeFor(key)).toBe('revoked_key')
    tried.good += answers.filter(([, { code }]) => code === 'valid').length
    tried.late += late.length
  }
  // Otherwise nothing was tried.
  expect(tried.good).toBeGreaterThan(rounds * 50)
  expect(tried.late).toBeGreaterThan(rounds * 50)
})

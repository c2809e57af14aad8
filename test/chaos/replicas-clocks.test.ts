import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untoldMax } from '../../src/services/limit-shared-rate.ts'
import { keyTextOn } from '../support/browser-like.ts'
import { json } from '../support/json.ts'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import { beginSignInAt } from '../support/sign-in-across.ts'
import { createTimedClient } from '../support/timed-client.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys } from './told-keys.ts'

/** Of each replica. */
const shiftsMs = [-30_000, 0, 30_000]
const limited = { limit: 40, window_seconds: 60 }
const requestsEach = 60

const root = join(import.meta.dirname, '../..')
const command = [
  process.execPath,
  ...['--import', import.meta.resolve('tsx')],
  ...['--import', join(root, 'test/support/shifted-clock.ts')],
  join(root, 'src/main.ts'),
]

describe('replicas whose clocks are 30 s apart', () => {
  let replicas: Replicas
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas({
      command: () => command,
      settings: (index) => ({ CLOCK_SHIFT_MS: String(shiftsMs[index]), SSO_KEYS_MAX: '1000' }),
    })
  })
  afterAll(() => replicas?.close())

  test('show it in what they write', async () => {
    for (const [index, { desk }] of replicas.all.entries()) {
      const { created_at } = await desk.read(await desk.mint())
      // Give or take what the answer took.
      expect(Math.abs(Date.parse(created_at) - Date.now() - (shiftsMs[index] ?? 0))).toBeLessThan(5000)
    }
  })

  test(`refuse what was revoked and take what was minted, at once, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const load = startLoad(replicas, told)
      await load.until(
        'it mints and revokes',
        () => load.count('mint', 201) >= 40 && load.count('revoke', 204) >= 25,
      )
      await load.stop()
      expect(load.seen().filter(({ status }) => status === 503)).toEqual([])
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
  })

  test(`finish each other's sign-ins once, whichever is ahead, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      for (const begun of replicas.all) {
        for (const finished of replicas.all) {
          const browser = await beginSignInAt(begun.gateway, replicas.standIn, 'alice@example.com')
          const answer = await browser.at(finished.gateway)
          const page = await answer.text()
          expect(answer.status, `${begun.name}, then ${finished.name}: ${page}`).toBe(200)
          for (const { desk } of replicas.all) expect(await desk.codeFor(keyTextOn(page) ?? '')).toBe('valid')
          expect((await browser.at(begun.gateway)).status).toBe(400)
        }
      }
    }
  })

  test(`let through a limit at least, and twice at most, in whatever order they are asked, ${rounds} times over`, async () => {
    const once = limited.limit - 1 + replicas.all.length * untoldMax(limited)
    const clients = replicas.all.map(({ gateway }) => createTimedClient(gateway.port))
    for (let round = 0; round < rounds; round += 1) {
      // Windows are those of each clock. Each half minute one begins somewhere: all answers are to be of those that are open now.
      await expect.poll(() => Date.now() % 30_000, { timeout: 10_000 }).toBeLessThan(24_000)
      const key = await replicas.all[0]!.desk.mint({ rate_limit: limited })
      let passed = 0
      for (const client of round % 2 === 0 ? clients : [...clients].reverse()) {
        const ask = () => client.send('/v1/validate', { headers: { 'x-api-key': key } })
        const answers = await Promise.all(Array.from({ length: requestsEach }, ask))
        for (const { status } of answers) expect([200, 429]).toContain(status)
        passed += answers.filter(({ status }) => status === 200).length
      }
      expect(passed).toBeGreaterThanOrEqual(limited.limit)
      expect(passed).toBeLessThanOrEqual(2 * once)
    }
    for (const client of clients) client.close()
  })

  test('expire a key each by its own clock, and none a minute late', async () => {
    const [behind, , ahead] = replicas.all
    const expires_at = new Date(Date.now() + 5000).toISOString()
    const key = await behind!.desk.mint({ expires_at })
    expect(await behind!.desk.codeFor(key)).toBe('valid')
    expect(await ahead!.desk.codeFor(key)).toBe('expired_key')
    const page = await json(await ahead!.gateway.asAdmin('/admin/keys?status=expired'))
    expect(page.data.map(({ id }: { id: string }) => id)).toContain(key.split('_')[1])
  })
})

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { idOf } from '../support/desk.ts'
import { type DeskPair, startDeskPair } from '../support/desk-pair.ts'
import { createWarmClient, type TimedAnswer } from '../support/warm-client.ts'

const atOnce = 200
const tried = 2 * atOnce

/** A change, how it is made, and whether an answer is one that was only right before it. */
interface Change {
  name: string
  minted?: object
  query?: string
  make(key: string): unknown
  isOld(answer: TimedAnswer): boolean
  /** The code of every answer in the end. */
  end: string
  /** Whether the change is one of the key itself. */
  stays: boolean
  holds?(row: any): void
}

describe('with 200 verifications at once in two processes on one database', () => {
  let pair: DeskPair
  let clients: ReturnType<typeof createWarmClient>[]
  let heir = ''
  const ended: [key: string, change: Change][] = []
  beforeAll(async () => {
    pair = await startDeskPair({ USAGE_FLUSH_INTERVAL: '1s' })
    heir = await pair.first.addUser()
    clients = [pair.firstProcess, pair.secondProcess].map(({ port }) => createWarmClient(port, atOnce / 2))
  })
  afterAll(async () => {
    for (const client of clients ?? []) client.close()
    await pair?.close()
  })

  const passes = (answer: TimedAnswer) => answer.status === 200
  const sql =
    (statement: string, ...values: unknown[]) =>
    (key: string) =>
      pair.first.sql(statement, ...values, idOf(key))
  const limited = { rate_limit: { limit: 1_000_000, window_seconds: 3600 } }
  const revoke = async (revoking: Promise<Response>) => expect((await revoking).status).toBe(204)
  const isRevoked = (row: any) => expect(row.revoked_at).toBeGreaterThan(0)
  const changes: Change[] = [
    {
      name: 'revoked through one process',
      make: (key) => revoke(pair.first.revoke(key)),
      isOld: passes,
      end: 'revoked_key',
      holds: isRevoked,
      stays: true,
    },
    {
      name: 'revoked through the other',
      make: (key) => revoke(pair.second.revoke(key)),
      isOld: passes,
      end: 'revoked_key',
      holds: isRevoked,
      stays: true,
    },
    {
      name: 'with a limit of its own revoked',
      minted: limited,
      make: (key) => revoke(pair.second.revoke(key)),
      isOld: passes,
      end: 'revoked_key',
      holds: isRevoked,
      stays: true,
    },
    {
      name: 'whose owner is disabled',
      make: () => pair.first.sql(`UPDATE users SET status = 'disabled' WHERE id = ?`, pair.first.userId),
      isOld: passes,
      end: 'user_disabled',
      stays: false,
    },
    {
      name: 'expired',
      make: sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', new Date(1)),
      isOld: passes,
      end: 'expired_key',
      holds: (row) => expect(row.expires_at).toBe(1),
      stays: true,
    },
    {
      name: 're-scoped',
      minted: { scopes: ['a'] },
      query: '?scope=a',
      make: sql(`UPDATE api_keys SET scopes = '["b"]' WHERE id = ?`),
      isOld: passes,
      end: 'insufficient_scope',
      holds: (row) => expect(row.scopes).toBe('["b"]'),
      stays: true,
    },
    {
      name: 'whose owner loses the scope',
      minted: { scopes: ['a'] },
      query: '?scope=a',
      make: () => pair.first.sql(`UPDATE users SET scope_limit = '[]' WHERE id = ?`, pair.first.userId),
      isOld: passes,
      end: 'insufficient_scope',
      stays: false,
    },
    {
      name: 'given to another owner',
      make: (key) => pair.first.sql('UPDATE api_keys SET user_id = ? WHERE id = ?', heir, idOf(key)),
      isOld: ({ body }) => body.user?.id !== heir,
      end: 'valid',
      holds: (row) => expect(row.user_id).toBe(heir),
      stays: true,
    },
    {
      name: 'deleted',
      make: sql('DELETE FROM api_keys WHERE id = ?'),
      isOld: passes,
      end: 'invalid_key',
      stays: true,
    },
  ]

  test.each(changes)(
    'a key $name has no answer of before that began after, and the end stands',
    async (change) => {
      await pair.first.sql(`UPDATE users SET status = 'active', scope_limit = NULL`)
      const key = await pair.first.mint(change.minted)
      const answers: TimedAnswer[] = []
      let isOver = false
      const workers = Array.from({ length: atOnce }, async (_, n) => {
        const client = clients[n % 2]!
        while (!isOver) answers.push(await client.ask(key, change.query))
      })
      const until = (isEnough: () => boolean) =>
        vi.waitFor(() => expect(isEnough()).toBe(true), { timeout: 10_000, interval: 5 })
      await until(() => answers.filter(passes).length > tried)
      await change.make(key)
      const acknowledgedAt = performance.now()
      const lateOnes = () => answers.filter(({ begunAt }) => begunAt > acknowledgedAt)
      await until(() => lateOnes().length > tried)
      isOver = true
      await Promise.all(workers)

      const late = lateOnes()
      expect(late.filter(change.isOld).map(({ begunAt, code }) => [begunAt - acknowledgedAt, code])).toEqual(
        [],
      )
      expect(new Set(late.map(({ code }) => code))).toEqual(new Set([change.end]))
      expect(answers.filter(({ code }) => code !== 'valid' && code !== change.end)).toEqual([])
      if (change.stays) ended.push([key, change])
    },
  )

  test('what became of these keys has been written back by nobody, after flushes and a restart', async () => {
    await pause(1100)
    await pair.first.sql(`UPDATE users SET status = 'active', scope_limit = NULL`)
    await pair.firstProcess.restart()
    expect(ended).toHaveLength(changes.filter(({ stays }) => stays).length)
    for (const [key, change] of ended) {
      for (const desk of [pair.first, pair.second])
        expect(await desk.codeFor(key, change.query), change.name).toBe(change.end)
      change.holds?.((await pair.first.rows('SELECT * FROM api_keys WHERE id = ?', idOf(key)))[0])
    }
  })

  test('a key revoked through one process is refused by the very next request to the other, 60 times over', async () => {
    const [client] = [createWarmClient(pair.secondProcess.port, 1)]
    await pair.first.sql(`UPDATE users SET status = 'active', scope_limit = NULL`)
    for (const key of await pair.first.mintMany(60)) {
      expect((await client.ask(key)).code).toBe('valid')
      expect((await client.ask(key)).code).toBe('valid')
      expect((await pair.first.revoke(key)).status).toBe(204)
      expect((await client.ask(key)).code).toBe('revoked_key')
    }
    client.close()
  })
})

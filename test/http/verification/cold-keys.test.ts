import argon2 from 'argon2'
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Desk, idOf, otherSecretOf, startDesk } from '../../support/desk.ts'

describe('a key that this process has not seen yet', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk()
  })
  afterAll(() => desk.close())
  afterEach(() => void vi.restoreAllMocks())

  const misses = () => desk.metric('keydesk_key_memory_total{result="miss"}')

  test('costs exactly one Argon2 for 50 requests at once, and none afterwards', async () => {
    const key = await desk.mint()
    const before = await desk.hashes()
    const codes = await Promise.all(Array.from({ length: 50 }, () => desk.codeFor(key)))
    expect(new Set(codes)).toEqual(new Set(['valid']))
    expect(await desk.hashes()).toBe(before + 1)
    for (let round = 0; round < 10; round += 1) expect(await desk.codeFor(key)).toBe('valid')
    expect(await desk.hashes()).toBe(before + 1)
  })

  test('is proven by one Argon2 for all who wait, however long it takes, and answers each for its own scopes', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    const { open } = holdArgon2()
    const before = await misses()
    const asking = Array.from({ length: 50 }, (_, n) =>
      desk.codeFor(key, n % 2 === 0 ? '?scope=a' : '?scope=b'),
    )
    await vi.waitFor(async () => expect(await misses()).toBe(before + 50))
    open()
    const codes = await Promise.all(asking)
    expect(codes).toEqual(codes.map((_, n) => (n % 2 === 0 ? 'valid' : 'insufficient_scope')))
    expect(argon2.verify).toHaveBeenCalledTimes(1)
  })

  test('of which only the id is known does not lock out who has the secret, before, beside or after', async () => {
    const key = await desk.mint()
    const forged = await otherSecretOf(desk.gateway, key, 20)
    const before = await desk.hashes()
    const beside = await Promise.all(
      [...forged.slice(0, 10), key, ...forged.slice(10)].map((text) => desk.codeFor(text)),
    )
    expect(beside.filter((code) => code === 'invalid_key')).toHaveLength(20)
    expect(beside[10]).toBe('valid')
    // These had genuine tags, so they are hashed: shows that the count counts.
    expect(await desk.hashes()).toBe(before + 21)
    for (const text of forged.slice(0, 5)) {
      expect(await desk.codeFor(text)).toBe('invalid_key')
      expect(await desk.codeFor(key)).toBe('valid')
    }
  })

  test('and 1,000 forged ones make no Argon2 call and no query', async () => {
    const key = await desk.mint()
    const lookups = countLookups()
    const hashing = vi.spyOn(argon2, 'verify')
    expect(await desk.codeFor(key)).toBe('valid')
    // Shows that both spies see what a cold key costs.
    expect(lookups()).toBeGreaterThan(0)
    expect(hashing).toHaveBeenCalledTimes(1)
    const before = lookups()
    hashing.mockClear()
    const texts = Array.from({ length: 1000 }, (_, n) => {
      const tail = n.toString(16).padStart(16, '0')
      const kinds = [
        key.slice(0, -16) + tail,
        key.slice(0, 16 + (n % 40)),
        `kd_${tail.slice(-12)}_${key.slice(16)}`,
        `' OR ${n}=${n} --`,
      ]
      return kinds[n % kinds.length] ?? ''
    })
    for (let from = 0; from < texts.length; from += 100) {
      const codes = await Promise.all(texts.slice(from, from + 100).map((text) => desk.codeFor(text)))
      expect(new Set(codes)).toEqual(new Set(['invalid_key']))
    }
    expect(lookups()).toBe(before)
    expect(hashing).not.toHaveBeenCalled()
  })

  test.each([
    ['revoked', 'UPDATE api_keys SET revoked_at = ? WHERE id = ?', [new Date(1)], 'revoked_key'],
    ['expired', 'UPDATE api_keys SET expires_at = ? WHERE id = ?', [new Date(1)], 'expired_key'],
    ['re-scoped', 'UPDATE api_keys SET scopes = ? WHERE id = ?', ['["b"]'], 'insufficient_scope'],
    ['deleted', 'DELETE FROM api_keys WHERE id = ?', [], 'invalid_key'],
    [
      'given another hash',
      `UPDATE api_keys SET secret_hash = replace(secret_hash, 't=1', 't=2') WHERE id = ?`,
      [],
      'invalid_key',
    ],
  ])(
    'and is %s while it is hashed is refused by that very answer, and stays refused',
    async (_, change, values, code) => {
      const key = await desk.mint({ scopes: ['a'] })
      const { open } = holdArgon2()
      const asking = [desk.codeFor(key, '?scope=a'), desk.codeFor(key, '?scope=a')]
      await vi.waitFor(() => expect(argon2.verify).toHaveBeenCalled())
      await desk.sql(change, ...values, idOf(key))
      open()
      expect(await Promise.all(asking)).toEqual([code, code])
      expect(await desk.codeFor(key, '?scope=a')).toBe(code)
    },
  )

  test('and is revoked while its rate is counted is refused by that very answer', async () => {
    const key = await desk.mint({ rate_limit: { limit: 100, window_seconds: 60 } })
    expect(await desk.codeFor(key)).toBe('valid')
    const consume = RateLimiterMemory.prototype.consume
    vi.spyOn(RateLimiterMemory.prototype, 'consume').mockImplementationOnce(async function (
      this: RateLimiterMemory,
      name,
    ) {
      await desk.sql('UPDATE api_keys SET revoked_at = ? WHERE id = ?', new Date(1), idOf(key))
      return consume.call(this, name)
    })
    expect(await desk.codeFor(key)).toBe('revoked_key')
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })

  /**
   * Counts how often a key is looked up in this process from here on. On SQLite the lookup is prepared at start, so what
   * counts is carrying it out.
   */
  function countLookups(): () => number {
    const memory = new Sqlite(':memory:')
    const onSqlite = vi.spyOn(Object.getPrototypeOf(memory.prepare('SELECT 1')), 'all')
    memory.close()
    const onPostgres = vi.spyOn(pg.Client.prototype, 'query')
    const isLookup = ([query]: unknown[]) => /api_keys/.test(JSON.stringify(query) ?? '')
    // Sealing the audit trail looks at it once a second, whatever is asked.
    const isOfRequests = (statement: unknown) => !/audit_/.test((statement as { source: string }).source)
    return () =>
      onSqlite.mock.contexts.filter(isOfRequests).length + onPostgres.mock.calls.filter(isLookup).length
  }

  /** Holds every verification back until the test opens. */
  function holdArgon2() {
    const verify = argon2.verify
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    vi.spyOn(argon2, 'verify').mockImplementation(async (hash, text) => {
      await gate
      return verify(hash, text)
    })
    return { open }
  }
})

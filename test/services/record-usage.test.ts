import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createRecordUsage, type RecordUsage } from '../../src/services/record-usage.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const at = (text: string) => new Date(`2026-03-01T${text}Z`)
const use = (time: string, address: string | null = null, userAgent?: string) => ({
  at: at(time),
  address,
  userAgent,
})
const refusal = (time: string, reason = 'revoked_key') => ({
  at: at(time),
  reason,
  address: '192.0.2.1',
  userAgent: null,
})

describe('what is gathered of the use of keys', () => {
  let database: TestDatabase
  let storage: Storage
  let usage: RecordUsage
  let n = 0
  let id = ''
  /** How many of the next transactions fail, and how many were tried. */
  let failures = 0
  let tried = 0
  beforeAll(async () => {
    database = await createTestDatabase()
    storage = await openStorage(database.url)
  })
  beforeEach(() => {
    n += 1
    id = `key-${n}`
    failures = 0
    tried = 0
    usage = createRecordUsage({
      storage: {
        ...storage,
        atomicallyUnnoticed: async (list) => {
          tried += 1
          if (failures > 0) {
            failures -= 1
            throw new Error('locked')
          }
          return storage.atomicallyUnnoticed(list)
        },
      },
    })
  })
  afterEach(() => usage.flush())
  afterAll(async () => {
    await storage.close()
    await database.drop()
  })

  const hourOf = (time: number) => new Date(time).toISOString().slice(11, 13)
  const stats = async (keyId = id): Promise<string[]> => {
    const select = 'SELECT hour, outcome, count FROM key_stats WHERE key_id = ? ORDER BY hour, outcome'
    const rows = await database.rows(select, keyId)
    return rows.map(({ hour, outcome, count }) => `${hourOf(hour)} ${outcome} ${count}`)
  }
  const refusalTimes = async (): Promise<string[]> => {
    const rows = await database.rows('SELECT at FROM key_refusals WHERE key_id = ? ORDER BY at DESC', id)
    return rows.map((row) => new Date(row.at).toISOString().slice(11, 19))
  }
  const usageRows = () =>
    database.rows('SELECT last_used_at, request_count FROM key_usage WHERE key_id = ?', id)

  test('is written in one transaction, and only where there is something', async () => {
    await usage.flush()
    expect(tried).toBe(0)
    for (let second = 0; second < 3; second += 1) usage.used(id, use(`10:00:0${second}`))
    usage.refused(id, refusal('10:00:04'))
    await usage.flush()
    await usage.flush()
    expect(tried).toBe(1)
    expect(await stats()).toEqual(['10 revoked_key 1', '10 valid 3'])
  })

  test('survives a write that fails, again and again, together with what came since', async () => {
    usage.used(id, use('10:00:00'))
    for (let minute = 10; minute < 17; minute += 1) usage.refused(id, refusal(`10:${minute}:00`))
    failures = 2
    await expect(usage.flush()).rejects.toThrow('locked')
    usage.used(id, use('10:20:00'))
    usage.refused(id, refusal('10:21:00', 'expired_key'))
    await expect(usage.flush()).rejects.toThrow('locked')
    usage.refused(id, refusal('10:22:00'))
    await usage.flush()
    expect(await stats()).toEqual(['10 expired_key 1', '10 revoked_key 8', '10 valid 2'])
    expect(await refusalTimes()).toEqual(['10:22:00', '10:21:00', '10:16:00', '10:15:00', '10:14:00'])
  })

  test('counts for its own hour also when it could not be written in that hour', async () => {
    usage.used(id, use('10:30:00'))
    usage.refused(id, refusal('10:31:00'))
    failures = 1
    await expect(usage.flush()).rejects.toThrow('locked')
    usage.used(id, use('12:30:00'))
    usage.refused(id, refusal('12:31:00'))
    await usage.flush()
    expect(await stats()).toEqual(['10 revoked_key 1', '10 valid 1', '12 revoked_key 1', '12 valid 1'])
  })

  test('of many keys is written in several transactions, and what failed of them is written once, later', async () => {
    const ids = Array.from({ length: 600 }, (_, index) => `many-${index}`)
    for (const key of ids) usage.used(key, use('10:00:00'))
    await usage.flush()
    expect(tried).toBeGreaterThan(1)
    for (const key of ids) usage.used(key, use('10:00:01'))
    failures = 1
    await expect(usage.flush()).rejects.toThrow('locked')
    await usage.flush()
    const counted = await database.rows("SELECT key_id FROM key_stats WHERE outcome = 'valid' AND count = 2")
    const twice = new Set(counted.map(({ key_id }) => key_id))
    expect(ids.filter((key) => !twice.has(key))).toEqual([])
  })

  test('is counted once when two flushes are asked for at the same time, and a use in between is not lost', async () => {
    usage.used(id, use('10:00:00'))
    const both = [usage.flush(), usage.flush()]
    usage.used(id, use('10:00:01'))
    await Promise.all(both)
    await usage.flush()
    expect(await stats()).toEqual(['10 valid 2'])
  })

  test('keeps the latest use as the last, whoever writes first', async () => {
    const slower = createRecordUsage({ storage })
    slower.used(id, use('10:00:00'))
    usage.used(id, use('10:05:00'))
    await usage.flush()
    await slower.flush()
    expect(await usageRows()).toEqual([{ last_used_at: at('10:05:00').getTime(), request_count: 2 }])
    expect(await stats()).toEqual(['10 valid 2'])
  })

  const origins = () =>
    database.rows('SELECT last_address, last_user_agent FROM key_usage WHERE key_id = ?', id)

  test('says from where and by what the last use came, whoever writes first', async () => {
    const slower = createRecordUsage({ storage })
    slower.used(id, use('10:00:00', '192.0.2.1', 'old/1'))
    usage.used(id, use('10:04:00', '192.0.2.2', 'middle/1'))
    usage.used(id, use('10:05:00', '2001:db8::3', 'new/1'))
    await usage.flush()
    await slower.flush()
    expect(await origins()).toEqual([{ last_address: '2001:db8::3', last_user_agent: 'new/1' }])
    // What the last use did not say is not taken from one before it.
    usage.used(id, use('10:06:00'))
    await usage.flush()
    expect(await origins()).toEqual([{ last_address: null, last_user_agent: null }])
  })

  test('says nothing of the use of a key that was only refused, and a refusal does not pass for a use', async () => {
    usage.refused(id, refusal('10:00:00'))
    await usage.flush()
    expect(await origins()).toEqual([])
    usage.used(id, use('10:01:00', '192.0.2.7', 'ci/1'))
    usage.refused(id, { ...refusal('10:02:00'), userAgent: 'thief/1' })
    await usage.flush()
    expect(await origins()).toEqual([{ last_address: '192.0.2.7', last_user_agent: 'ci/1' }])
    expect((await usageRows())[0]?.last_used_at).toEqual(at('10:01:00').getTime())
  })

  test('keeps of an agent what both databases take, and no more than 400 characters', async () => {
    usage.used(id, use('10:00:00', null, `a\u0000b\ud800c${'x'.repeat(10_000)}`))
    await usage.flush()
    const [row] = await origins()
    expect(row?.last_user_agent).toMatch(/^abcx{390,397}$/)
  })

  test('keeps the origin of a use that could not be written at first', async () => {
    usage.used(id, use('10:00:00', '192.0.2.7', 'ci/1'))
    failures = 1
    await expect(usage.flush()).rejects.toThrow('locked')
    usage.refused(id, refusal('10:01:00'))
    await usage.flush()
    expect(await origins()).toEqual([{ last_address: '192.0.2.7', last_user_agent: 'ci/1' }])
  })
})

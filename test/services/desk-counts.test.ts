import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createForgetOldCounts } from '../../src/services/forget-old-counts.ts'
import { createRecordUsage, type RecordUsage } from '../../src/services/record-usage.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const at = (text: string) => new Date(`2026-03-01T${text}Z`)
const use = (time: string) => ({ at: at(time), address: null, userAgent: undefined })
const refusal = (time: string, reason: string) => ({ at: at(time), reason, address: null, userAgent: null })

describe('what is counted of the whole desk by the hour', () => {
  let database: TestDatabase
  let storage: Storage
  let usage: RecordUsage
  /** Which of the next transactions fail: the first is 1. */
  let failing: readonly number[] = []
  let tried = 0
  beforeAll(async () => {
    database = await createTestDatabase()
    storage = await openStorage(database.url)
  })
  beforeEach(() => {
    failing = []
    tried = 0
    usage = createRecordUsage({
      storage: {
        ...storage,
        atomicallyUnnoticed: async (list) => {
          tried += 1
          if (failing.includes(tried)) throw new Error('locked')
          return storage.atomicallyUnnoticed(list)
        },
      },
    })
  })
  afterEach(() => database.change('DELETE FROM verification_stats'))
  afterAll(async () => {
    await storage.close()
    await database.drop()
  })

  const counted = async (): Promise<string[]> => {
    const rows = await database.rows(
      'SELECT hour, outcome, count FROM verification_stats ORDER BY hour, outcome',
    )
    return rows.map(
      ({ hour, outcome, count }) => `${new Date(hour).toISOString().slice(11, 13)} ${outcome} ${count}`,
    )
  }

  test('is the sum over all keys, and of the texts that are none, of each hour', async () => {
    for (const id of ['a', 'b', 'c']) usage.used(id, use('10:00:00'))
    usage.used('a', use('10:59:59'))
    usage.used('a', use('11:00:00'))
    usage.refused('b', refusal('10:30:00', 'revoked_key'))
    usage.refused('c', refusal('10:30:00', 'revoked_key'))
    for (let n = 0; n < 5; n += 1) usage.unknown(at('10:40:00'))
    usage.unknown(at('11:00:00'))
    await usage.flush()
    expect(await counted()).toEqual([
      '10 invalid_key 5',
      '10 revoked_key 2',
      '10 valid 4',
      '11 invalid_key 1',
      '11 valid 1',
    ])
  })

  test('is written where there were only texts that are no key, and nothing is where there was nothing', async () => {
    usage.unknown(at('10:00:00'))
    await usage.flush()
    await usage.flush()
    expect(tried).toBe(1)
    expect(await counted()).toEqual(['10 invalid_key 1'])
  })

  test('is touched once a flush, however many keys there are', async () => {
    const touched: number[] = []
    const watched = createRecordUsage({
      storage: {
        ...storage,
        deskCounts: {
          ...storage.deskCounts,
          addStats: (tx, rows) => {
            touched.push(rows.length)
            return storage.deskCounts.addStats(tx, rows)
          },
        },
      },
    })
    for (let n = 0; n < 600; n += 1) watched.used(`many-${n}`, use('10:00:00'))
    await watched.flush()
    expect(touched).toEqual([1])
    expect(await counted()).toEqual(['10 valid 600'])
  })

  test.each([[[1]], [[2]], [[3]], [[1, 2]], [[2, 3, 4]]])(
    'is neither lost nor counted twice where transactions %j fail',
    async (numbers) => {
      for (let n = 0; n < 600; n += 1) usage.used(`lost-${n}`, use('10:00:00'))
      usage.unknown(at('10:00:00'))
      failing = numbers
      for (let flushes = 0; flushes < 5; flushes += 1) {
        await usage.flush().catch(() => undefined)
        if (flushes === 0) usage.unknown(at('10:00:01'))
      }
      expect(await counted()).toEqual(['10 invalid_key 2', '10 valid 600'])
    },
  )

  test('adds up over replicas that flush at the same time', async () => {
    const replicas = [usage, createRecordUsage({ storage }), createRecordUsage({ storage })]
    for (const [index, replica] of replicas.entries()) {
      replica.used('shared', use('10:00:00'))
      // In another order on each.
      const reasons = ['revoked_key', 'expired_key', 'rate_limited']
      for (let n = 0; n < 3; n += 1)
        replica.refused('shared', refusal('10:00:00', reasons[(n + index) % 3] ?? ''))
      replica.unknown(at('10:00:00'))
    }
    await Promise.all(replicas.map((replica) => replica.flush()))
    expect(await counted()).toEqual([
      '10 expired_key 3',
      '10 invalid_key 3',
      '10 rate_limited 3',
      '10 revoked_key 3',
      '10 valid 3',
    ])
  })

  test('is forgotten after 90 days, of the desk and of each key, and nothing younger is', async () => {
    const now = new Date('2026-09-01T12:00:00Z')
    const day = (days: number) => ({
      ...use('10:00:00'),
      at: new Date(now.getTime() - days * 86_400_000),
    })
    for (let n = 0; n < 1500; n += 1) usage.used(`old-${n}`, day(91))
    usage.used('old-0', day(200))
    usage.used('young', day(89))
    usage.unknown(day(200).at)
    await usage.flush()
    await createForgetOldCounts({ storage, now: () => now })()
    const left = await database.rows(
      "SELECT key_id FROM key_stats WHERE key_id IN ('young', 'old-0', 'old-7')",
    )
    expect(left.map(({ key_id }) => key_id)).toEqual(['young'])
    expect(await database.rows("SELECT 1 FROM key_stats WHERE key_id LIKE 'old-%'")).toEqual([])
    expect(await counted()).toEqual(['12 valid 1'])
  })
})

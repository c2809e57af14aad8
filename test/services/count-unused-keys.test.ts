import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCountUnusedKeys } from '../../src/services/count-unused-keys.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const now = new Date('2026-11-01T12:00:00Z')
const daysAgo = (days: number, ms = 0) => new Date(now.getTime() - days * 86_400_000 + ms)

describe('the count of keys that nobody uses', () => {
  let database: TestDatabase
  let storage: Storage
  beforeAll(async () => {
    database = await createTestDatabase()
    storage = await openStorage(database.url)
    await database.change(
      `INSERT INTO users (id, kind, email, name, role, groups, status, version, created_at, updated_at)
       VALUES ('usr_1', 'person', 'a@b.test', 'A', 'member', '[]', 'active', 1, ?, ?)`,
      now,
      now,
    )
  })
  afterAll(async () => {
    await storage.close()
    await database.drop()
  })

  const count = (at = now) => createCountUnusedKeys({ storage, now: () => at })()

  /** So many keys made at one time; */
  const make = (name: string, keys: number, at: Date) =>
    database.change(
      `INSERT INTO api_keys (id, user_id, name, secret_hash, scopes, metadata, created_through, created_by, created_at, version)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${keys})
       SELECT '${name}-' || i, 'usr_1', 'k', 'h', '[]', '{}', 'sso', 'user:usr_1', ?, 1 FROM n`,
      at,
    )
  const use = (ids: string, at: Date) =>
    database.change(
      `INSERT INTO key_usage (key_id, last_used_at, request_count) SELECT id, ?, 1 FROM api_keys WHERE id LIKE '${ids}'`,
      at,
    )

  test('is none where there is no key, and none of keys that are younger', async () => {
    expect(await count()).toBe(0)
    await make('young', 3, daysAgo(89))
    expect(await count()).toBe(0)
  })

  test('takes live keys alone, and those that were not used since', async () => {
    await make('old', 6, daysAgo(91))
    expect(await count()).toBe(6)
    await use('old-1', daysAgo(1))
    await use('old-2', daysAgo(91))
    await database.change("UPDATE api_keys SET revoked_at = ? WHERE id = 'old-3'", now)
    await database.change("UPDATE api_keys SET expires_at = ? WHERE id = 'old-4'", daysAgo(2))
    await database.change("UPDATE api_keys SET expires_at = ? WHERE id = 'old-5'", daysAgo(-2))
    expect(await count()).toBe(3)
  })

  test('is right over many keys, also where thousands were made within one millisecond', async () => {
    await make('bulk', 9000, daysAgo(200))
    for (let ms = 1; ms < 8; ms += 1) await make(`then-${ms}`, 900, daysAgo(200, ms))
    await use('bulk-%7', daysAgo(3))
    await use('then-2-%', daysAgo(3))
    expect(await count()).toBe(3 + 9000 - 900 + 6 * 900)
  })

  test('is remembered for a minute, and what failed is not', async () => {
    let clock = now
    let fails = true
    const remembered = createCountUnusedKeys({
      storage: {
        ...storage,
        deskCounts: {
          ...storage.deskCounts,
          firstKeyAt: async () => {
            if (fails) throw new Error('away')
            return storage.deskCounts.firstKeyAt()
          },
        },
      },
      now: () => clock,
    })
    await expect(remembered()).rejects.toThrow('away')
    fails = false
    const before = await remembered()
    await make('later', 2, daysAgo(100))
    clock = new Date(now.getTime() + 59_000)
    expect(await remembered()).toBe(before)
    clock = new Date(now.getTime() + 61_000)
    expect(await remembered()).toBe(before + 2)
  })
})

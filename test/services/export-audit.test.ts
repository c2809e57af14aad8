import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditEvent } from '../../src/domain/audit-event.ts'
import { streamLines } from '../../src/http/stream-lines.ts'
import { exportAudit } from '../../src/services/export-audit.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const many = 25_000

describe('an export of many audit events', () => {
  let database: TestDatabase
  let storage: Storage
  /** What was asked of the storage: how many numbers and how many rows at most. */
  let asked: { numbers: number; limit: number }[] = []
  beforeAll(async () => {
    database = await createTestDatabase()
    const own = await openStorage(database.url)
    for (let done = 0; done < many; done += 1000) {
      const events = Array.from({ length: 1000 }, (_, index) =>
        auditEvent({ at: new Date(), action: 'key.updated', actor: 'system', target: `key:${done + index}` }),
      )
      await own.atomically((tx) => own.audit.recordMany(tx, events))
    }
    storage = {
      ...own,
      audit: {
        ...own.audit,
        findForward: (conditions, range) => {
          asked.push({ numbers: range.untilSeq - range.afterSeq, limit: range.limit })
          return own.audit.findForward(conditions, range)
        },
      },
    }
  })
  afterAll(async () => {
    await storage.close()
    await database.drop()
  })

  test('holds a page at a time, looks through a bounded part for each, and leaves nothing out', async () => {
    asked = []
    let next = 0
    for await (const rows of exportAudit(storage, {})) {
      expect(rows.length).toBeLessThanOrEqual(500)
      for (const { event } of rows) {
        expect(event.target).toBe(`key:${next}`)
        next += 1
      }
    }
    expect(next).toBe(many)
    expect(Math.max(...asked.map(({ limit }) => limit))).toBe(500)
    expect(Math.max(...asked.map(({ numbers }) => numbers))).toBeLessThanOrEqual(20_000)
  })

  test('finds what is rare by as few looks as there are parts', async () => {
    asked = []
    const found: unknown[] = []
    for await (const rows of exportAudit(storage, { target: `key:${many - 1}` })) found.push(...rows)
    expect(found).toHaveLength(1)
    expect(asked).toHaveLength(2)
  })

  test('does not hold what is written while it is read, and is what it was at the beginning', async () => {
    const pages = exportAudit(storage, {})
    await pages.next()
    expect(await storage.atomically((tx) => storage.audit.record(tx, auditEvent(late)))).toBe(true)
    const rest: string[] = []
    for await (const rows of pages) rest.push(...rows.map(({ event }) => event.action))
    expect(rest).not.toContain('key.revoked')
  })

  test('reads no page that the client has not asked for, and none after it is gone', async () => {
    asked = []
    const reader = streamLines(
      exportAudit(storage, {}),
      ({ event }) => event.id,
      () => false,
    ).getReader()
    expect(asked).toHaveLength(0)
    for (let page = 1; page <= 3; page += 1) {
      await reader.read()
      expect(asked).toHaveLength(page)
    }
    await reader.cancel()
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toHaveLength(3)
  })

  test('that fails tells so, and does not end as if it were whole', async () => {
    const errors: unknown[] = []
    const failing = (async function* () {
      yield [1]
      throw new Error('gone')
    })()
    const reader = streamLines(
      failing,
      (row) => row,
      (error) => {
        errors.push(error)
        return false
      },
    ).getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('1\n')
    await expect(reader.read()).rejects.toThrow('gone')
    expect(errors).toHaveLength(1)
  })
})

const late = { at: new Date(), action: 'key.revoked', actor: 'system' } as const

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Statement } from '../../src/storage/query.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import type { TestDatabase } from '../support/test-database.ts'
import { engines, eventRow, keyRow, land, plusMs, userRow } from './engines.ts'

const peopleMax = 3000
/** Those whose rows are there too. */
const usersMax = 100
const eventsEach = 10
const addressOf = (index: number) => `u${index}@corp.com`
const origin = { requestId: 'req_1', address: '192.0.2.7', userAgent: 'agent/1' }

describe.each(engines)('erasing details on $name', (engine) => {
  let database: TestDatabase
  let storage: Storage
  beforeAll(async () => {
    database = await engine.create()
    storage = await openStorage(database.url, { connectMs: 5000, statementMs: 20_000 })
    await fill()
  })
  afterAll(async () => {
    await storage.close()
    await database.drop()
  })

  /** A trail so long that an index is worth it, and the statistics of it. */
  async function fill() {
    const users = Array.from({ length: usersMax }, (_, index) =>
      userRow({ id: `usr_${index}`, email: addressOf(index) }),
    )
    const keys = users.map((user, index) => keyRow(user, { id: keyIdOf(index) }))
    const events = Array.from({ length: peopleMax }, (_, index) => eventsOf(index)).flat()
    await land(storage, (tx) => [
      ...users.map((user) => storage.users.insert(tx, user)),
      ...keys.map((key) => storage.keys.insert(tx, key)),
      ...storage.audit.recordMany(tx, events),
    ])
    await database.change('ANALYZE')
  }

  /** How the engine would carry out each statement; nothing is changed. */
  async function plansOf(userId: string, emails: readonly string[]): Promise<string[]> {
    let statements: readonly Statement[] = []
    await storage.atomically((tx) => {
      statements = storage.audit.eraseDetails(tx, userId, emails)
      return []
    })
    const explain = database.engine === 'postgres' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN'
    return Promise.all(
      statements.map(async (statement) => {
        const { sql, params } = (statement as unknown as Compiled).toSQL()
        const rows = await database.rows(`${explain} ${sql}`, ...params)
        return rows.map((row) => row['QUERY PLAN'] ?? row.detail).join('\n')
      }),
    )
  }

  test('of somebody with one address, with several and with none finds every row by an index', async () => {
    for (const emails of [[addressOf(9)], [addressOf(9), 'former@corp.com', 'other@corp.com'], []]) {
      const plans = await plansOf('usr_9', emails)
      expect(plans).toHaveLength(2)
      for (const plan of plans) {
        expect(plan).toContain('audit_details')
        // Postgres says Seq Scan; SQLite says SCAN where it does not SEARCH by an index.
        expect(plan).not.toMatch(/Seq Scan on audit_(details|events)|SCAN (audit_details|audit_events|d|e)\b/)
      }
    }
  })

  test('blanks what is about the person, and no detail of anybody else', async () => {
    await land(storage, (tx) => storage.audit.eraseDetails(tx, 'usr_7', [addressOf(7)]))
    const left = async (column: string) => {
      const [{ n }] = await database.rows(
        `SELECT count(*) AS n FROM audit_details WHERE ${column} IS NOT NULL`,
      )
      return peopleMax * eventsEach - Number(n)
    }
    // From where an admin came stays: the two events of the master key.
    expect([await left('email'), await left('address'), await left('user_agent')]).toEqual([10, 8, 8])
    const select = 'SELECT count(*) AS n FROM audit_details WHERE email = ?'
    expect(Number((await database.rows(select, addressOf(7)))[0].n)).toBe(0)
    expect(Number((await database.rows(select, addressOf(8)))[0].n)).toBe(eventsEach)
  })
})

const keyIdOf = (index: number) => `key${String(index).padStart(9, '0')}`

/** What happens to one person: minted for by an admin, refused before anybody knew them, invited, and busy since. */
function eventsOf(index: number) {
  const [person, email] = [`user:usr_${index}` as const, addressOf(index)]
  const common = { email, origin }
  const own = Array.from({ length: eventsEach - 3 }, (_, round) =>
    eventRow({ ...common, at: plusMs(round), actor: person, target: person }),
  )
  return [
    eventRow({ ...common, actor: 'master_key', target: `key:${keyIdOf(index)}` }),
    eventRow({ ...common, actor: 'anonymous', action: 'sign_in.refused' }),
    eventRow({ ...common, actor: 'master_key', action: 'invitation.created' }),
    ...own,
  ]
}

/** What a statement of drizzle can say of itself. */
interface Compiled {
  toSQL(): { sql: string; params: unknown[] }
}

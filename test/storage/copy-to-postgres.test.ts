import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { getTableName } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copiedTables } from '../../src/storage/copied-tables.ts'
import { copyToPostgres } from '../../src/storage/copy-to-postgres.ts'
import { signsOfUse } from '../../src/storage/own-use.ts'
import * as postgresSchema from '../../src/storage/schema.postgres.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { idOf } from '../support/desk.ts'
import { testedVersions } from '../support/postgres-programs.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'
import { eventRow, land } from './engines.ts'
import { change, type FilledSource, fillSource } from './filled-source.ts'

const names = copiedTables.map(({ name }) => name)

/** What a table holds, by what is asked of the engine itself; JSON as values, since each writes it in its own way. */
const select = (name: string) => `SELECT * FROM ${name}`
const inOneOrder = (rows: Record<string, unknown>[]) =>
  rows
    .map((row) => JSON.stringify(Object.entries(row).map(([column, value]) => [column, parsed(value)])))
    .sort()

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value
  return sorted(JSON.parse(value))
}

function sorted(value: any): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.keys(value)
    .sort()
    .map((name) => [name, sorted(value[name])])
}

function rowsOf(file: string, name: string): Record<string, unknown>[] {
  const client = new Sqlite(file, { readonly: true })
  const rows = client.prepare<[], Record<string, unknown>>(select(name)).all()
  client.close()
  return rows
}

async function expectSame(file: string, target: TestDatabase): Promise<void> {
  for (const name of names)
    expect(inOneOrder(await target.rows(select(name))), name).toEqual(inOneOrder(rowsOf(file, name)))
}

function exchange(file: string, table: string, column: string): void {
  const rows = rowsOf(file, table)
  change(file, `UPDATE ${table} SET ${column} = 'away ' || id WHERE ${column} IS NOT NULL`)
  const values = rows.map((row) => row[column]).filter((value) => value !== null)
  const holders = rows.filter((row) => row[column] !== null)
  const client = new Sqlite(file)
  const set = client.prepare(`UPDATE ${table} SET ${column} = ? WHERE id = ?`)
  client.transaction(() => {
    for (const [place, { id }] of holders.entries()) set.run(values[(place + 1) % values.length], id)
  })()
  client.pragma('wal_checkpoint(TRUNCATE)')
  client.close()
}

let source: FilledSource
beforeAll(async () => {
  source = await fillSource(1200)
})
afterAll(() => source?.remove())

test('every table of the schema is copied, and has been thought about as a sign that the target was used', () => {
  expect([...names].sort()).toEqual(
    Object.values(postgresSchema)
      .map((table) => getTableName(table))
      .sort(),
  )
  const ofKeys = ['key_refusals', 'key_stats', 'key_usage', 'verification_stats']
  // Of an audit event its row is the sign.
  const ofEvents = ['audit_anchors', 'audit_details', 'audit_seals']
  const counters = ['allowlist_copies', ...ofKeys, ...ofEvents]
  // Their rows end in the ordinary course of things, and a copy of yesterday still has them.
  const written = ['access_rules', 'apps', 'identities', 'invitations']
  const passing = [...written, 'auth_codes', 'idempotency_records', 'sessions']
  expect([...signsOfUse.keys(), ...counters, ...passing].sort()).toEqual([...names].sort())
  for (const child of ['identities', 'api_keys', 'invitations', 'sessions'])
    expect(names.indexOf(child)).toBeGreaterThan(names.indexOf('users'))
})

describe.each(testedVersions)('a copy to Postgres %i', (version) => {
  let target: TestDatabase
  let file: string
  let url: string
  beforeAll(async () => {
    target = await createTestDatabaseOn(version)
    ;({ file, url } = source.fresh())
  })
  afterAll(() => target?.drop())

  test('holds every row of every table, and tells how many', async () => {
    const told: unknown[] = []
    const counts = await copyToPostgres(url, target.url, (count) => told.push(count))
    await expectSame(file, target)
    expect(told).toEqual(counts)
    expect(counts).toEqual(names.map((table) => ({ table, rows: rowsOf(file, table).length })))
    for (const { table, rows } of counts) expect(rows, table).toBeGreaterThan(0)
  })

  test('leaves the file as it was, to the byte', async () => {
    const own = source.fresh()
    const hash = () => createHash('sha256').update(readFileSync(own.file)).digest('hex')
    const before = hash()
    await copyToPostgres(own.url, target.url)
    expect(hash()).toBe(before)
    const beside = readdirSync(dirname(own.file)).filter((name) => name.startsWith(basename(own.file)))
    expect(beside.filter((name) => !/-(wal|shm)$/.test(name))).toEqual([basename(own.file)])
  })

  test('can be repeated, and writes no row that is right already', async () => {
    const versions = async () =>
      Promise.all(names.map((name) => target.rows(`SELECT max(xmin::text::bigint), count(*) FROM ${name}`)))
    const before = await versions()
    await copyToPostgres(url, target.url)
    expect(await versions()).toEqual(before)
  })

  test('follows the file: rows that changed, that are new, and that are gone', async () => {
    const people = rowsOf(file, 'users').filter(({ email }) => email !== null)
    const [first, second] = [people[0], people.at(-1)]
    // Each gets the address that the other one had.
    change(file, 'UPDATE users SET email = NULL WHERE id = ?', first?.id)
    change(file, 'UPDATE users SET email = ? WHERE id = ?', first?.email, second?.id)
    change(file, 'UPDATE users SET email = ?, version = 2 WHERE id = ?', second?.email, first?.id)
    change(file, 'UPDATE identities SET subject = subject || 1, last_sign_in_at = 5')
    change(file, 'UPDATE api_keys SET revoked_at = 77 WHERE id = ?', idOf(source.limitedKey))
    change(file, "UPDATE keyring SET wrapped = 'another wrapping'")
    // Each rule, invitation and session gets what the next one had, though it is unique.
    exchange(file, 'access_rules', 'value')
    exchange(file, 'invitations', 'email')
    exchange(file, 'sessions', 'secret_hash')
    exchange(file, 'sessions', 'app_secret_hash')
    change(file, "UPDATE allowlist_copies SET etag = NULL, domains = '[]', fetched_at = 5")
    change(file, 'UPDATE key_usage SET request_count = request_count + 1 WHERE rowid % 2 = 0')
    for (const name of ['used_attempts', 'key_refusals', 'audit_details', 'key_stats'])
      change(file, `DELETE FROM ${name} WHERE rowid % 3 = 0 OR rowid > 1100`)
    change(file, 'DELETE FROM key_usage')
    const storage = await openStorage(url)
    await land(storage, (tx) => storage.audit.record(tx, eventRow({ facts: { later: true } })))
    await storage.close()
    await copyToPostgres(url, target.url)
    await expectSame(file, target)
  })

  test('counts audit events on from where the file is, also where its last ones are gone', async () => {
    const [{ seq: last }] = (await target.rows('SELECT max(seq) AS seq FROM audit_events')) as [
      { seq: number },
    ]
    const own = source.fresh()
    change(own.file, 'UPDATE sqlite_sequence SET seq = 90000')
    await target.drop()
    target = await createTestDatabaseOn(version)
    await copyToPostgres(own.url, target.url)
    const storage = await openStorage(target.url)
    await land(storage, (tx) => storage.audit.record(tx, eventRow({ action: 'key.revoked' })))
    const [newest] = await storage.audit.find({ limit: 1 })
    await storage.close()
    expect(newest?.event).toMatchObject({ seq: 90_001, action: 'key.revoked' })
    expect(last).toBeLessThan(90_000)
  })
})

test.each(['access_rules', 'invitations', 'sessions', 'identities'])(
  'a copy can be repeated when the file has lost %s in the ordinary course of things',
  async (name) => {
    const target = await createTestDatabaseOn(18)
    const { file, url } = source.fresh()
    await copyToPostgres(url, target.url)
    // A rule removed, an invitation taken up, a browser signed out, a user erased: it is the file that went on.
    change(file, `DELETE FROM ${name} WHERE rowid % 3 = 0`)
    const storage = await openStorage(url)
    await land(storage, (tx) => storage.audit.record(tx, eventRow({ facts: { later: true } })))
    await storage.close()
    await copyToPostgres(url, target.url)
    await expectSame(file, target)
    await target.drop()
  },
)

test('a database of a Keydesk that holds nothing yet can be copied, and then copied again with its first rows', async () => {
  const target = await createTestDatabaseOn(18)
  const { file, url } = source.fresh()
  for (const { name } of [...copiedTables].reverse()) change(file, `DELETE FROM ${name}`)
  const counts = await copyToPostgres(url, target.url)
  expect(counts.map(({ rows }) => rows)).toEqual(names.map(() => 0))
  await copyToPostgres(source.fresh().url, target.url)
  await expectSame(source.fresh().file, target)
  await target.drop()
})

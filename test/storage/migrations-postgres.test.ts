import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { getTableConfig } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as schema from '../../src/storage/schema.postgres.ts'
import * as replicaSchema from '../../src/storage/schema.replicas.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { testedVersions } from '../support/postgres-programs.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'

const folder = fileURLToPath(new URL('../../migrations/postgres/', import.meta.url))
const tables = Object.values({ ...schema, ...replicaSchema }).map((table) => getTableConfig(table))

test('no migration names a schema: Keydesk lives where the search_path of its user leads', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.sql')))
    expect(readFileSync(folder + file, 'utf8')).not.toContain('"public"')
})

describe.each(testedVersions)('a fresh database on Postgres %i', (version) => {
  let database: TestDatabase
  let admin: pg.Client
  const rows = async (text: string) => (await admin.query(text)).rows
  beforeAll(async () => {
    database = await createTestDatabaseOn(version)
    admin = new pg.Client(database.url)
    await admin.connect()
  })
  afterAll(async () => {
    await admin.end()
    await database.drop()
  })

  test('is migrated once by ten that open it at the same time, and all of them can use it', async () => {
    const storages = await Promise.all(
      Array.from({ length: 10 }, () => openStorage(database.url, { poolSize: 4 })),
    )
    for (const storage of storages) await storage.ping()
    await Promise.all(storages.map((storage) => storage.close()))
    const migrations = readdirSync(folder).filter((name) => name.endsWith('.sql'))
    expect(await rows('SELECT made_at FROM schema_migrations')).toHaveLength(migrations.length)
    expect(await rows('SELECT id FROM epoch')).toEqual([{ id: 'epoch' }])
    expect(await rows('SELECT id FROM replicas')).toEqual([])
  })

  test('has exactly the tables, columns and indexes of the schema, and orders every text by its bytes', async () => {
    const named = await rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    expect(named.map(({ tablename }) => tablename).sort()).toEqual(
      [...tables.map(({ name }) => name), 'schema_migrations'].sort(),
    )
    const columns = await rows(`SELECT table_name, column_name, is_nullable, data_type, collation_name
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_migrations'`)
    const described = columns.map(
      (column) => `${column.table_name}.${column.column_name} ${column.is_nullable}`,
    )
    const wanted = tables.flatMap((table) =>
      table.columns.map((column) => `${table.name}.${column.name} ${column.notNull ? 'NO' : 'YES'}`),
    )
    expect(described.sort()).toEqual(wanted.sort())
    const texts = columns.filter((column) => column.data_type === 'text')
    expect(new Set(texts.map((column) => column.collation_name))).toEqual(new Set(['C']))
    const indexes = await rows(
      "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname !~ '_pkey$'",
    )
    expect(indexes.map(({ indexname }) => indexname).sort()).toEqual(
      tables.flatMap((table) => table.indexes.map(({ config }) => String(config.name))).sort(),
    )
  })

  test('is refused by a version that does not know its tables, with what to do, and is left as it is', async () => {
    await admin.query(
      "INSERT INTO schema_migrations (made_at, hash) VALUES (4102444800000, 'of a later version')",
    )
    await expect(openStorage(database.url)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/newer version.*Start that version/),
    })
    expect(await rows('SELECT id FROM replicas')).toEqual([])
    await admin.query('DELETE FROM schema_migrations WHERE made_at = 4102444800000')
    await (await openStorage(database.url)).close()
  })
})

describe('a database that cannot be opened', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabaseOn(18)
  })
  afterAll(() => database.drop())
  const opening = (change: Partial<Pick<URL, 'password' | 'pathname' | 'port' | 'search'>>) => {
    const url = Object.assign(new URL(database.url), change)
    return openStorage(url.href).then(
      () => 'opened',
      (error: Error) => `${error.message} ${(error.cause as Error | undefined)?.message}`,
    )
  }

  test('says what to do, and never the password', async () => {
    const wrongPassword = await opening({ password: 'hunter2hunter2' })
    expect(wrongPassword).toContain('The user or the password is not right.')
    const noDatabase = await opening({ pathname: '/nowhere' })
    expect(noDatabase).toContain('There is no database of this name')
    const noServer = await opening({ port: '1' })
    expect(noServer).toContain('No server answers there.')
    const noTls = await opening({ search: '?sslmode=verify-full' })
    expect(noTls).toContain('?sslmode=disable')
    const { password } = new URL(database.url)
    for (const words of [wrongPassword, noDatabase, noServer, noTls]) {
      expect(words).not.toContain('hunter2')
      expect(words).not.toContain(password)
    }
  })
})

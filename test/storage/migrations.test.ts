import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as schema from '../../src/storage/schema.sqlite.ts'
import { openStorage } from '../../src/storage/storage.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

function filesUnder(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort()
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]))
}

describe('the migrations', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keydesk-migrations-'))
    for (const part of ['src/storage', 'src/domain', 'migrations', 'drizzle.config.ts', 'package.json']) {
      cpSync(join(root, part), join(folder, part), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each([
    ['sqlite', 'sqlite'],
    ['postgresql', 'postgres'],
  ])('of %s are up to date: `npm run db:generate` would add nothing', async (dialect, name) => {
    const before = filesUnder(join(folder, 'migrations', name))
    expect(Object.keys(before)).toContain('meta/_journal.json')
    const { stdout } = await run(process.execPath, ['node_modules/drizzle-kit/bin.cjs', 'generate'], {
      cwd: folder,
      env: { ...process.env, DIALECT: dialect },
    })
    expect(stdout).toContain('No schema changes')
    expect(filesUnder(join(folder, 'migrations', name))).toEqual(before)
  })

  test('of both engines have the same steps, in the same order', () => {
    const steps = (name: string) =>
      readdirSync(join(root, 'migrations', name))
        .filter((file) => file.endsWith('.sql'))
        .sort()
    expect(steps('sqlite')).toEqual(steps('postgres'))
  })

  test('make a real database with exactly the columns and indexes of the schema', async () => {
    const file = join(folder, 'fresh.db')
    const storage = await openStorage(`file:${file}`)
    await storage.close()
    const client = new Sqlite(file, { readonly: true })
    const tables = Object.values(schema).map((table) => getTableConfig(table))
    const named = client
      .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all()
    expect(named.sort()).toEqual([...tables.map(({ name }) => name), 'schema_migrations'].sort())
    for (const table of tables) {
      const columns = client.pragma(`table_info(${table.name})`) as { name: string; notnull: number }[]
      expect(columns.map(({ name }) => name)).toEqual(table.columns.map(({ name }) => name))
      expect(columns.filter(({ notnull }) => notnull === 1).map(({ name }) => name)).toEqual(
        table.columns.filter(({ notNull }) => notNull).map(({ name }) => name),
      )
      const indexes = client.pragma(`index_list(${table.name})`) as {
        name: string
        unique: number
        origin: string
      }[]
      expect(
        indexes
          .filter(({ origin }) => origin === 'c')
          .map(({ name, unique }) => `${name} ${unique === 1}`)
          .sort(),
      ).toEqual(table.indexes.map(({ config }) => `${config.name} ${config.unique}`).sort())
    }
    client.close()
  })
})

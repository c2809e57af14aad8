import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { TestDatabase } from './test-database.ts'

/** A SQLite file in a folder of its own, which Keydesk makes when it opens it. */
export function createSqliteTestDatabase(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-sqlite-'))
  const file = join(folder, 'keydesk.db')

  async function onOwnConnection<Result>(
    work: (client: Sqlite.Database) => Result,
    options: Sqlite.Options = {},
  ): Promise<Result> {
    const client = new Sqlite(file, options)
    try {
      return work(client)
    } finally {
      client.close()
    }
  }

  return {
    engine: 'sqlite',
    url: `file:${file}`,
    file,
    rows: (select, ...values) =>
      onOwnConnection((client) => client.prepare(select).all(...values.map(asStored)), { readonly: true }),
    rowsOfEach: (selects) =>
      onOwnConnection((client) => selects.map((select) => client.prepare(select).all()), { readonly: true }),
    // Whoever asks next looks at the file first: nothing has to be waited for.
    change: (statement, ...values) =>
      onOwnConnection((client) => void client.prepare(statement).run(...values.map(asStored))),
    contents: async () =>
      [file, `${file}-wal`]
        .filter((path) => existsSync(path))
        .map((path) => readFileSync(path, 'latin1'))
        .join(''),
    lockWrites: async () => {
      const client = new Sqlite(file)
      client.exec('BEGIN IMMEDIATE')
      return async () => {
        client.exec('ROLLBACK')
        client.close()
      }
    },
    breakDown: async () => {
      const tables = await onOwnConnection((client) =>
        client
          .prepare<[], string>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
          )
          .pluck()
          .all(),
      )
      const rename = (from: string, to: string) =>
        onOwnConnection((client) => {
          for (const table of tables) client.exec(`ALTER TABLE ${table}${from} RENAME TO ${table}${to}`)
        })
      await rename('', '_away')
      let isAway = true
      return async () => {
        if (isAway) await rename('_away', '')
        isAway = false
      }
    },
    watchWrites: async () => {
      const client = new Sqlite(file, { readonly: true })
      return {
        mark: async () => client.pragma('data_version', { simple: true }),
        end: async () => void client.close(),
      }
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

const asStored = (value: unknown) => (value instanceof Date ? value.getTime() : value)

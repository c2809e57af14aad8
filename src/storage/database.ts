import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { KeydeskError } from '../domain/errors.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import type { Database, Query, Statement, Step, Writer } from './query.ts'
import type * as postgresSchema from './schema.postgres.ts'
import * as sqliteSchema from './schema.sqlite.ts'

/** Code runs from `src/storage` or, compiled, from `dist/src/storage`; the build puts migrations beside `dist/src`. */
const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url))

/**
 * Opens the database of `DATABASE_URL`, brings its tables up to date and answers the one interface that repositories
 * use. The only casts between engines are here.
 * @throws KeydeskError `unavailable` when it cannot be opened or was written by a newer version.
 */
export async function openDatabase(databaseUrl: string): Promise<Database> {
  const file = resolve(databaseUrl.replace(/^file:(\/\/)?/, ''))
  try {
    return openSqlite(file)
  } catch (cause) {
    if (cause instanceof KeydeskError) throw cause
    throw new KeydeskError('unavailable', { message: `The database file ${file} cannot be opened.`, cause })
  }
}

const busyMsMax = 5000
const walTriesMax = 250
const walPauseMs = 20

function openSqlite(file: string): Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const client = new Sqlite(file, { timeout: 5000 })
  try {
    useWal(client)
    // What was acknowledged survives a power cut. Writes are few: verification makes none.
    client.pragma('synchronous = FULL')
    migrateSqlite(client, `${migrationsFolder}/sqlite`)
    client.pragma('foreign_keys = ON')
    // From here on `patiently` waits for a lock of another process; SQLite would sleep in our thread.
    client.pragma('busy_timeout = 0')
  } catch (error) {
    client.close()
    throw error
  }
  const orm = drizzle(client, { schema: sqliteSchema })
  // Guarantee: drizzle's builders of both dialects have every method of Writer with the same meaning, and a test holds
  // the tables of both schemas equal, so a row read here has the type of the canonical schema.
  const writer = orm as unknown as Writer
  const tables = sqliteSchema as unknown as typeof postgresSchema
  const generation = countGenerations(client)
  return {
    tables,
    select: writer.select.bind(writer),
    rows: <Row>(query: Query<Row>) => patiently(() => (query as unknown as SyncQuery<Row>).all()),
    prepared: <Row>(_name: string, query: Query<Row>) => {
      const statement = (query as unknown as SyncPreparable<Row>).prepare()
      return (values) => patiently(() => statement.all(values))
    },
    atomically: (list) =>
      patiently(() => {
        const landed = runList(client, list(writer))
        // In the same turn as the commit: nobody can ask for the generation in between.
        if (landed) generation.advance()
        return landed
      }),
    atomicallyUnnoticed: (list) => patiently(() => runList(client, list(writer))),
    generation: generation.current,
    ping: () => patiently(() => void client.prepare('SELECT 1 FROM schema_migrations LIMIT 1').get()),
    close: async () => void client.close(),
  }
}

/** Switching a new file to WAL ignores the busy timeout while another process writes to it: SQLite says BUSY at once. */
function useWal(client: Sqlite.Database): void {
  for (let tries = 1; ; tries += 1) {
    try {
      client.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || tries === walTriesMax) throw error
      // At start nothing else runs in this process, so it may as well sleep.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, walPauseMs)
    }
  }
}

/**
 * Counts changes: our own as they commit, those of other processes by `PRAGMA data_version`, which moves when another
 * connection has committed to the file, and never for writes of this one.
 */
function countGenerations(client: Sqlite.Database) {
  const dataVersion = client.prepare<[], number>('PRAGMA data_version').pluck()
  let seen = dataVersion.get()
  let count = 1
  return {
    advance: () => {
      count += 1
    },
    current: (): number => {
      let version: number | undefined
      try {
        version = dataVersion.get()
      } catch (cause) {
        throw unavailable(cause)
      }
      if (version !== seen) {
        seen = version
        count += 1
      }
      return count
    },
  }
}

/** Guarantee: on better-sqlite3 every select of drizzle has `all` and `prepare`, every write has `run`, and both are synchronous. */
interface SyncQuery<Row> {
  all(): Row[]
}
interface SyncPreparable<Row> {
  prepare(): { all(values: Record<string, unknown>): Row[] }
}
interface SyncStatement {
  run(): { changes: number }
}

class GuardFailed extends Error {}

/** Runs the whole list in one immediate transaction without giving way to any other request in between. */
function runList(client: Sqlite.Database, list: readonly Step[]): boolean {
  const run = client.transaction(() => {
    for (const step of list) {
      const { statement, rows } =
        'statement' in step ? step : { statement: step as Statement, rows: undefined }
      const { changes } = (statement as unknown as SyncStatement).run()
      if (rows !== undefined && rows !== changes) throw new GuardFailed()
    }
  })
  try {
    run.immediate()
    return true
  } catch (error) {
    // A unique row that somebody else wrote first means the same as a guard that no longer holds: read again, decide again.
    if (error instanceof GuardFailed || isUniqueViolation(error)) return false
    throw error
  }
}

function isUniqueViolation(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Sqlite.SqliteError ? error.cause : error
  return (
    cause instanceof Sqlite.SqliteError &&
    (cause.code === 'SQLITE_CONSTRAINT_UNIQUE' || cause.code === 'SQLITE_CONSTRAINT_PRIMARYKEY')
  )
}

/**
 * Waits for a lock that another process holds, and lets requests be answered meanwhile. Whatever else the database does
 * not do is our failure: 503, with the reason for the log only.
 */
async function patiently<Result>(work: () => Result): Promise<Result> {
  for (const begunAt = performance.now(); ; ) {
    try {
      return work()
    } catch (cause) {
      if (!isBusy(cause) || performance.now() - begunAt > busyMsMax) throw unavailable(cause)
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20))
    }
  }
}

function isBusy(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Sqlite.SqliteError ? error.cause : error
  return cause instanceof Sqlite.SqliteError && cause.code.startsWith('SQLITE_BUSY')
}

function unavailable(cause: unknown): KeydeskError {
  return new KeydeskError('unavailable', {
    message: 'The database did not answer. Try again in a moment.',
    cause,
  })
}

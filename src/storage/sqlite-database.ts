import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { createChangeStamps } from './change-stamps.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import { createNotedWriter, type NotedStep } from './noted-writer.ts'
import type { Database, Query, Statement, Writer } from './query.ts'
import type * as postgresSchema from './schema.postgres.ts'
import * as sqliteSchema from './schema.sqlite.ts'
import { unavailable } from './unavailable.ts'

const busyMsMax = 5000
const walTriesMax = 250
const walPauseMs = 20

/** Opens a SQLite file, and makes it where there is none. `replicaId` names this process in receipts. */
export function openSqlite(file: string, migrationsFolder: string, replicaId: string): Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const client = new Sqlite(file, { timeout: 5000 })
  try {
    useWal(client)
    // What was acknowledged survives a power cut. Writes are few: verification makes none.
    client.pragma('synchronous = FULL')
    // What was erased is gone from the file too, and not only from what queries see.
    client.pragma('secure_delete = ON')
    migrateSqlite(client, migrationsFolder)
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
  const builders = orm as unknown as Writer
  const tables = sqliteSchema as unknown as typeof postgresSchema
  const { writer, notedSteps, unnoticedSteps } = createNotedWriter(builders, tables)
  const select = builders.select.bind(builders)
  const stamps = createChangeStamps()
  const lookForOthers = watchOtherProcesses(client, stamps.allChanged)
  return {
    tables,
    select,
    rows: <Row>(query: Query<Row>) => patiently(() => (query as unknown as SyncQuery<Row>).all()),
    prepared: <Row>(build: (selectRows: typeof select) => Query<Row>) => {
      const statement = (build(select) as unknown as SyncPreparable<Row>).prepare()
      return (values) => patiently(() => statement.all(values))
    },
    atomically: (list) =>
      patiently(() => {
        const changedIds = runList(client, notedSteps(list(writer)))
        // In the same turn as the commit: nobody can ask what has changed in between.
        if (changedIds !== null) stamps.changed(changedIds)
        return changedIds !== null
      }),
    atomicallyUnnoticed: (list) => patiently(() => runList(client, unnoticedSteps(list(writer))) !== null),
    generation: () => {
      lookForOthers()
      return stamps.tick()
    },
    changedSince: stamps.changedSince,
    // Whatever process asks next looks at the file first, so a change is everywhere once it is committed.
    confirmChanges: async () => [{ id: replicaId, confirmed: true, ms: 0 }],
    rateCounts: null,
    feedState: null,
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
 * Notices commits of other connections by `PRAGMA data_version`, which moves for every one of them and never for writes
 * of this one.
 */
function watchOtherProcesses(client: Sqlite.Database, changed: () => void): () => void {
  const dataVersion = client.prepare<[], number>('PRAGMA data_version').pluck()
  let seen = dataVersion.get()
  return () => {
    let version: number | undefined
    try {
      version = dataVersion.get()
    } catch (cause) {
      throw unavailable(cause)
    }
    if (version === seen) return
    seen = version
    changed()
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
  returning(columns: { id: unknown }): { all(): { id: string }[] }
}

class GuardFailed extends Error {}

/**
 * Runs the whole list in one immediate transaction without giving way to any other request in between. Answers the ids
 * of the rows that may be remembered, or null where nothing landed.
 */
function runList(client: Sqlite.Database, steps: readonly NotedStep[]): string[] | null {
  const changedIds: string[] = []
  const run = client.transaction(() => {
    for (const { statement, rows, rememberedId } of steps) {
      const write = statement as unknown as SyncStatement & Statement
      let changes: number
      if (rememberedId === undefined) changes = write.run().changes
      else {
        const written = write.returning({ id: rememberedId }).all()
        changes = written.length
        for (const { id } of written) changedIds.push(id)
      }
      if (rows !== undefined && rows !== changes) throw new GuardFailed()
    }
  })
  try {
    run.immediate()
    return changedIds
  } catch (error) {
    // A unique row that somebody else wrote first means the same as a guard that no longer holds: read again, decide again.
    if (error instanceof GuardFailed || isUniqueViolation(error)) return null
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

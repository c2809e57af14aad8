import { resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { count, inArray } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { KeydeskError } from '../domain/errors.ts'
import type { CopiedTable, Row } from './copied-tables.ts'
import { unwrap } from './postgres-errors.ts'
import { after, columnsOf, listOf, type Page, pageRowsMax } from './row-pages.ts'

/** A SQLite file as it was at one moment, whatever a Keydesk goes on writing to it. Nothing here writes. */
export interface CopySource {
  readonly file: string
  /** All rows in the order of their keys. Between two pages the event loop may turn. */
  pages(table: CopiedTable): Iterable<Page>
  /** Those of `rows` that are here as well, by their keys. For tables whose key is one column. */
  sameRows(table: CopiedTable, rows: readonly Row[]): Row[]
  count(table: CopiedTable): number
  /** The last number that the table gave to a row, which may be gone. */
  lastNumber(table: CopiedTable): number
  close(): void
}

/**
 * Opens the file of a `file:` URL for reading, on a connection of its own with one read transaction.
 * @throws KeydeskError `unavailable` when it is not a database of exactly this version of Keydesk.
 */
export function openCopySource(databaseUrl: string, migrationsFolder: string): CopySource {
  const file = resolve(databaseUrl.replace(/^file:(\/\/)?/, ''))
  const client = openReadOnly(file)
  try {
    // The first read after it fixes what is seen.
    client.exec('BEGIN')
    requireThisVersion(client, file, migrationsFolder)
  } catch (cause) {
    client.close()
    if (cause instanceof KeydeskError) throw cause
    throw refusal(`The file ${file} cannot be read. Run this as the user that Keydesk runs as.`, cause)
  }
  const orm = drizzle(client)
  return {
    file,

    *pages(table) {
      const { source, key } = table
      for (let last: Row | undefined; ; ) {
        const query = orm
          .select()
          .from(source)
          .where(after(source, key, last))
        const ordered = query.orderBy(listOf(columnsOf(source, key))).limit(pageRowsMax)
        const rows: Row[] = read(table, () => ordered.all())
        const isLast = rows.length < pageRowsMax
        yield { rows, after: last, isLast }
        if (isLast) return
        last = rows.at(-1)
      }
    },

    sameRows(table, rows) {
      const { source, name, key } = table
      const [member = '', ...others] = key
      const [column] = columnsOf(source, [member])
      if (column === undefined || others.length > 0) throw new Error(`${name} has a key of several columns`)
      const values = rows.map((row) => row[member])
      return read(table, () => orm.select().from(source).where(inArray(column, values)).all())
    },

    count: ({ source }) => orm.select({ count: count() }).from(source).get()?.count ?? 0,

    lastNumber: ({ name }) =>
      client.prepare<[string], number>('SELECT seq FROM sqlite_sequence WHERE name = ?').pluck().get(name) ??
      0,

    close: () => void client.close(),
  }

  function read<Result>({ name }: CopiedTable, work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      const cause = unwrap(error)
      // Any other error quotes the row, as where JSON is none.
      const known =
        cause instanceof Sqlite.SqliteError ? cause : new Error('A value is not what it should be.')
      throw refusal(`The table ${name} of the file ${file} cannot be read.`, known)
    }
  }
}

function openReadOnly(file: string): Sqlite.Database {
  try {
    return new Sqlite(file, { readonly: true, fileMustExist: true })
  } catch (cause) {
    throw refusal(`The file ${file} cannot be opened. Check its path, and who may read it.`, cause)
  }
}

function requireThisVersion(client: Sqlite.Database, file: string, migrationsFolder: string): void {
  const known = readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis)
  const applied = new Set(appliedTo(client, file))
  if ([...applied].some((madeAt) => !known.includes(madeAt))) {
    throw refusal(`The file ${file} was migrated by a newer version of Keydesk. Copy it with that version.`)
  }
  if (known.some((madeAt) => !applied.has(madeAt))) {
    throw refusal(
      `The file ${file} was last opened by an older version of Keydesk. Start this version on it once, then copy it.`,
    )
  }
}

function appliedTo(client: Sqlite.Database, file: string): number[] {
  const isThere = client.prepare("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").get()
  if (isThere === undefined) throw refusal(`The file ${file} is not a database of Keydesk.`)
  return client.prepare<[], number>('SELECT made_at FROM schema_migrations').pluck().all()
}

function refusal(message: string, cause?: unknown): KeydeskError {
  return new KeydeskError('unavailable', { message, cause })
}

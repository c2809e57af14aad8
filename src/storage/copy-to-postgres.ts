import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import pg from 'pg'
import { KeydeskError } from '../domain/errors.ts'
import { isStorableJson } from '../domain/storable-text.ts'
import { type CopiedTable, copiedTables, type Row } from './copied-tables.ts'
import { copyInto } from './copy-into.ts'
import { type CopySource, openCopySource } from './copy-source.ts'
import { type CopyTarget, createCopyTarget, keyText } from './copy-target.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { requireNoOwnUse } from './own-use.ts'
import { forLog, openingHint } from './postgres-errors.ts'
import { readConnection } from './postgres-pool.ts'
import { createTableDigest } from './table-digest.ts'

/** Beside `src`, or beside `dist/src` where the build puts them. */
const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url))
const openingMs = 10_000

export interface CopiedCount {
  readonly table: string
  readonly rows: number
}

/**
 * Makes the Postgres hold what a SQLite file holds, as it is at one moment: all of it, or nothing when anything is wrong.
 * The file is only read, and a Keydesk may go on using it. It can be repeated for as long as nobody has worked with the
 * Postgres. `copied` is told of each table, before it is certain that all of it stays.
 * @throws KeydeskError `unavailable` or `conflict`, with what to do; the Postgres holds the same rows as before then.
 */
export async function copyToPostgres(
  fromUrl: string,
  toUrl: string,
  copied: (count: CopiedCount) => void = () => undefined,
): Promise<CopiedCount[]> {
  const source = openCopySource(fromUrl, `${migrationsFolder}/sqlite`)
  try {
    return await onPostgres(toUrl, (client) =>
      copyInto(client, copiedTables, () => copyTables(source, createCopyTarget(client), copied)),
    )
  } finally {
    source.close()
  }
}

interface Copied {
  readonly table: CopiedTable
  readonly rows: number
  readonly sha256: string
}

async function copyTables(
  source: CopySource,
  target: CopyTarget,
  tell: (count: CopiedCount) => void,
): Promise<CopiedCount[]> {
  await requireNoOwnUse(copiedTables, source, target)
  // Whoever refers to a row goes before it, and comes after it.
  for (const table of [...copiedTables].reverse()) await makeRoom(table, source, target)
  const copies: Copied[] = []
  for (const table of copiedTables) {
    const copied = await copyTable(table, source, target)
    copies.push(copied)
    tell({ table: table.name, rows: copied.rows })
  }
  for (const copied of copies) await requireSame(copied, source, target)
  // The chain of audit events came with its keys, and equal rows prove the same on both engines: an intact trail is
  // intact here, and one that was changed is as changed. GET /admin/audit/verify says which, and needs the master key.
  return copies.map(({ table, rows }) => ({ table: table.name, rows }))
}

async function makeRoom(table: CopiedTable, source: CopySource, target: CopyTarget): Promise<void> {
  if ((await target.count(table)) === 0) return
  for (const page of source.pages(table)) {
    await target.deleteOthers(table, page)
    await target.clearUnique(table, page)
  }
}

async function copyTable(table: CopiedTable, source: CopySource, target: CopyTarget): Promise<Copied> {
  const digest = createTableDigest(table)
  for (const page of source.pages(table)) {
    requireStorable(table, page.rows)
    digest.add(page.rows)
    await target.write(table, page)
  }
  await target.analyze(table)
  if (table.numbered !== undefined) await target.continueNumbers(table, source.lastNumber(table))
  return { table, rows: digest.count, sha256: digest.end() }
}

/** Reads back what was written. Audit events are read by their numbers, so it is the same sequence or a difference. */
async function requireSame(copied: Copied, source: CopySource, target: CopyTarget): Promise<void> {
  const { table, rows, sha256 } = copied
  const digest = createTableDigest(table)
  for await (const page of target.pages(table)) digest.add(page.rows)
  // Counted apart from the pages: a row that no page held would be missing on both sides.
  const counts = new Set([rows, digest.count, source.count(table), await target.count(table)])
  if (counts.size === 1 && digest.end() === sha256) return
  throw new KeydeskError('unavailable', {
    message: `The table ${table.name} is not the same on both sides after it was copied.`,
  })
}

function requireStorable(table: CopiedTable, rows: readonly Row[]): void {
  for (const row of rows) {
    if (Object.values(row).every((value) => isStorableJson(value))) continue
    throw new KeydeskError('unavailable', {
      message:
        `The row ${keyText(table, row)} of ${table.name} holds what Postgres does not ` +
        'take: the character U+0000, half of a surrogate pair, or JSON deeper than 16 levels. Correct it in the file.',
    })
  }
}

async function onPostgres<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const connection = readConnection(databaseUrl)
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: openingMs })
  // Whatever is underway says the same by rejecting.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await requireOwnTables(client)
    await migratePostgres(client, `${migrationsFolder}/postgres`)
  } catch (cause) {
    await client.end().catch(() => undefined)
    if (cause instanceof KeydeskError) throw cause
    throw new KeydeskError('unavailable', {
      message: `The database ${connection.database} at ${connection.host}:${connection.port} cannot be opened. ${openingHint(cause)}`,
      cause: forLog(cause),
    })
  }
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Takes a database that is empty, or has the tables of this version. Any other one may be in use: to migrate it would
 * already change something.
 */
async function requireOwnTables(client: pg.Client): Promise<void> {
  const { rows: found } = await client.query<{ isThere: boolean }>(
    `SELECT to_regclass('schema_migrations') IS NOT NULL AS "isThere"`,
  )
  if (found[0]?.isThere !== true) return
  const { rows } = await client.query<{ made_at: string }>('SELECT made_at FROM schema_migrations')
  const applied = rows.map((row) => Number(row.made_at)).sort()
  const known = readMigrationFiles({ migrationsFolder: `${migrationsFolder}/postgres` })
  const wanted = known.map(({ folderMillis }) => folderMillis).sort()
  if (applied.join() === wanted.join()) return
  throw new KeydeskError('conflict', {
    message:
      'This Postgres has the tables of another version of Keydesk. If nothing in it is wanted, drop the database, ' +
      'make it again, and run this again.',
  })
}

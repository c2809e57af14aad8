import { readMigrationFiles } from 'drizzle-orm/migrator'
import type pg from 'pg'
import { KeydeskError } from '../domain/errors.ts'

/** Any number that nobody else takes: "keydesk" in ASCII. */
export const lockId = '30229394557858667'
const versionMin = 140_000
/** So long waiting for the migration of another replica, or for a table, may take before the start is given up. */
const waitMsMax = 300_000
const tableWaitMs = 1000
const retryMs = 500
const lockNotAvailable = '55P03'

/**
 * Applies what is missing of the migrations that drizzle-kit wrote, all in one transaction under one advisory lock: of
 * ten replicas that start at once one migrates, and the others find it done.
 * @throws KeydeskError `unavailable` when the server is too old, or its tables were migrated by a newer version.
 */
export async function migratePostgres(client: pg.ClientBase, folder: string): Promise<void> {
  await requireServer(client)
  const migrations = readMigrationFiles({ migrationsFolder: folder })
  for (const begunAt = performance.now(); ; ) {
    try {
      return await migrateOnce(client, migrations)
    } catch (error) {
      const isTaken = (error as { code?: unknown }).code === lockNotAvailable
      if (!isTaken || performance.now() - begunAt > waitMsMax) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

async function migrateOnce(
  client: pg.ClientBase,
  migrations: ReturnType<typeof readMigrationFiles>,
): Promise<void> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${waitMsMax}; SET LOCAL statement_timeout = 0`)
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockId])
    // Whoever waits for a table holds up everybody behind, verifications too: better to give way and come again.
    await client.query(`SET LOCAL lock_timeout = ${tableWaitMs}`)
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_migrations (made_at bigint PRIMARY KEY, hash text NOT NULL)',
    )
    const { rows } = await client.query<{ made_at: string }>('SELECT made_at FROM schema_migrations')
    const applied = new Set(rows.map((row) => Number(row.made_at)))
    const known = new Set(migrations.map((migration) => migration.folderMillis))
    if ([...applied].some((madeAt) => !known.has(madeAt))) {
      throw new KeydeskError('unavailable', {
        message:
          'The database was migrated by a newer version of Keydesk. Start that version, or restore a backup.',
      })
    }
    for (const migration of migrations.filter(({ folderMillis }) => !applied.has(folderMillis))) {
      for (const statement of migration.sql) await client.query(statement)
      await client.query('INSERT INTO schema_migrations (made_at, hash) VALUES ($1, $2)', [
        migration.folderMillis,
        migration.hash,
      ])
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function requireServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: string; date_style: string; encoding: string }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('DateStyle') AS date_style,
      current_setting('server_encoding') AS encoding`,
  )
  const [server] = rows
  if (Number(server?.version) < versionMin) refuse('is older than version 14; use 14 to 18')
  if (server?.encoding !== 'UTF8')
    refuse('does not keep its text as UTF-8; make a database with ENCODING UTF8')
  if (!server.date_style.startsWith('ISO'))
    refuse('has a DateStyle other than ISO; set it for this database or user')
}

function refuse(problem: string): never {
  throw new KeydeskError('unavailable', { message: `This Postgres ${problem}.` })
}

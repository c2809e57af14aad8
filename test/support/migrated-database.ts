import { join } from 'node:path'
import pg from 'pg'
import { migratePostgres } from '../../src/storage/migrate-postgres.ts'
import { ensureDatabase } from './postgres-roles.ts'

/** A database with all tables and no rows of anybody, of which others are copies: that takes half as long as migrating. */
export const migratedDatabase = 'migrated'

const migrations = join(import.meta.dirname, '../../migrations/postgres')

export async function makeMigratedDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: await ensureDatabase(adminUrl, migratedDatabase) })
  await client.connect()
  try {
    await migratePostgres(client, migrations)
  } finally {
    // Nobody may be connected to what is copied.
    await client.end()
  }
}

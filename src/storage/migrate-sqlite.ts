import type { Database } from 'better-sqlite3'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { KeydeskError } from '../domain/errors.ts'

/**
 * Applies what is missing of the migrations that drizzle-kit wrote. All of it in one immediate transaction, so that of
 * two processes that start at once one migrates and the other finds it done; drizzle's own migrator has that race.
 * @throws KeydeskError `unavailable` when the database was migrated by a newer version of Keydesk.
 */
export function migrateSqlite(client: Database, folder: string): void {
  const migrations = readMigrationFiles({ migrationsFolder: folder })
  // Must be off outside of the transaction: table rebuilds drop what others refer to. It is checked before the commit.
  client.pragma('foreign_keys = OFF')
  const migrate = client.transaction(() => {
    client.exec(
      'CREATE TABLE IF NOT EXISTS schema_migrations (made_at integer PRIMARY KEY, hash text NOT NULL) STRICT',
    )
    const applied = new Set(client.prepare<[], number>('SELECT made_at FROM schema_migrations').pluck().all())
    const known = new Set(migrations.map((migration) => migration.folderMillis))
    if ([...applied].some((madeAt) => !known.has(madeAt))) {
      throw new KeydeskError('unavailable', {
        message:
          'The database was migrated by a newer version of Keydesk. Start that version, or restore a backup.',
      })
    }
    for (const migration of migrations.filter(({ folderMillis }) => !applied.has(folderMillis))) {
      for (const statement of migration.sql) client.exec(statement)
      client
        .prepare('INSERT INTO schema_migrations (made_at, hash) VALUES (?, ?)')
        .run(migration.folderMillis, migration.hash)
    }
    const broken = client.pragma('foreign_key_check')
    if (Array.isArray(broken) && broken.length > 0) {
      throw new KeydeskError('unavailable', {
        message: 'A migration broke a reference between tables; nothing was changed.',
      })
    }
  })
  migrate.immediate()
}

import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KeydeskError } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import { openPostgres, type PostgresOptions } from './postgres-database.ts'
import type { Database } from './query.ts'
import { openSqlite } from './sqlite-database.ts'

/** Code runs from `src/storage` or, compiled, from `dist/src/storage`; the build puts migrations beside `dist/src`. */
const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url))

/**
 * Opens the database of `DATABASE_URL`, brings its tables up to date and answers the one interface that repositories
 * use.
 * @throws KeydeskError `unavailable` when it cannot be opened or was written by a newer version.
 */
export async function openDatabase(databaseUrl: string, options: PostgresOptions = {}): Promise<Database> {
  // Names the machine for people, and the process for certain: two may run on one machine, or one after another.
  const replicaId = `${hostname()}_${randomText(8)}`
  if (/^postgres(ql)?:/.test(databaseUrl)) {
    return openPostgres(databaseUrl, `${migrationsFolder}/postgres`, replicaId, options)
  }
  const file = resolve(databaseUrl.replace(/^file:(\/\/)?/, ''))
  try {
    return openSqlite(file, `${migrationsFolder}/sqlite`, replicaId)
  } catch (cause) {
    if (cause instanceof KeydeskError) throw cause
    throw new KeydeskError('unavailable', { message: `The database file ${file} cannot be opened.`, cause })
  }
}

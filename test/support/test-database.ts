import { migratedDatabase } from './migrated-database.ts'
import type { PostgresVersion } from './postgres-programs.ts'
import { createPostgresTestDatabase } from './postgres-test-database.ts'
import { askForShared } from './shared.ts'
import { createSqliteTestDatabase } from './sqlite-test-database.ts'

/**
 * A database of its own for a test, and ways to look into it and to change it behind Keydesk's back, as another process
 * would. In statements `?` stands for a value. Rows come as SQLite shows them, on both engines: instants in
 * milliseconds, JSON as text, true as 1.
 */
export interface TestDatabase {
  readonly engine: 'sqlite' | 'postgres'
  /** The DATABASE_URL of it. */
  readonly url: string
  /** The path, for tests that are about SQLite itself. @throws Error on Postgres */
  readonly file: string
  rows(select: string, ...values: unknown[]): Promise<any[]>
  /** The rows of several selects, for what looks at many tables again and again. */
  rowsOfEach(selects: readonly string[]): Promise<any[][]>
  /** Changes something. When it resolves every Keydesk on this database acts on it. */
  change(statement: string, ...values: unknown[]): Promise<void>
  /** Everything that is stored, as text. */
  contents(): Promise<string>
  /** Keeps everybody from writing what Keydesk stores, and nobody from reading it, until the answer is called. */
  lockWrites(): Promise<() => Promise<void>>
  /** Makes it answer nobody, until the answer is called; a second call does nothing. */
  breakDown(): Promise<() => Promise<void>>
  /** Starts to watch for writes: two answers differ when anything of keys, users, sign-ins or audit was written between. */
  watchWrites(): Promise<{ mark(): Promise<unknown>; end(): Promise<void> }>
  drop(): Promise<void>
}

/** The engine of the project that a test runs in: see `vitest.config.ts`. */
export const testEngine = process.env.KEYDESK_TEST_ENGINE === 'postgres' ? 'postgres' : 'sqlite'

/** A fresh database on the engine of the project. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return testEngine === 'postgres' ? createMigratedTestDatabaseOn(18) : createSqliteTestDatabase()
}

/** A fresh database with its tables, which were made once for the whole run. @throws Error when no server starts */
export async function createMigratedTestDatabaseOn(version: PostgresVersion): Promise<TestDatabase> {
  return createPostgresTestDatabase(await askForShared(`postgres-${version}`), migratedDatabase)
}

/** An empty database on the server of this version that the whole run shares. @throws Error when it does not start */
export async function createTestDatabaseOn(version: PostgresVersion): Promise<TestDatabase> {
  return createPostgresTestDatabase(await askForShared(`postgres-${version}`))
}

import { getTableName, is } from 'drizzle-orm'
import { PgTable, getTableConfig as postgresConfig } from 'drizzle-orm/pg-core'
import { SQLiteTable, getTableConfig as sqliteConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import * as postgres from '../../src/storage/schema.postgres.ts'
import * as sqlite from '../../src/storage/schema.sqlite.ts'

const postgresTables = Object.values(postgres).filter((table) => is(table, PgTable))
const sqliteTables = Object.values(sqlite).filter((table) => is(table, SQLiteTable))
const names = postgresTables.map((table) => getTableName(table)).sort()

type AnyConfig = ReturnType<typeof postgresConfig> | ReturnType<typeof sqliteConfig>

/** The four kinds of column, and whole numbers where something is counted: the same row on both engines. */
const kinds: Record<string, string> = {
  PgCustomColumn: 'text',
  SQLiteText: 'text',
  PgTimestamp: 'instant',
  SQLiteTimestamp: 'instant',
  PgBoolean: 'boolean',
  SQLiteBoolean: 'boolean',
  PgJsonb: 'json',
  SQLiteTextJson: 'json',
  PgInteger: 'whole number',
  PgBigInt53: 'whole number',
  SQLiteInteger: 'whole number',
}

/** Everything of a table that must not differ between the engines. */
function describeTable(config: AnyConfig) {
  return {
    columns: config.columns.map((column) => ({
      name: column.name,
      kind: kinds[column.columnType] ?? `unknown: ${column.columnType}`,
      notNull: column.notNull,
      primary: column.primary,
      unique: column.isUnique,
    })),
    indexes: config.indexes
      .map(({ config: index }) => ({
        name: index.name,
        unique: index.unique,
        columns: index.columns.map((column) => ('name' in column ? column.name : 'an expression')),
        partial: index.where !== undefined,
      }))
      .sort((a, b) => String(a.name).localeCompare(String(b.name))),
    foreignKeys: config.foreignKeys.map((key) => {
      const { columns, foreignColumns, foreignTable } = key.reference()
      return {
        from: columns.map((column) => column.name),
        to: `${getTableName(foreignTable)}.${foreignColumns.map((column) => column.name).join()}`,
        onDelete: key.onDelete ?? 'no action',
        onUpdate: key.onUpdate ?? 'no action',
      }
    }),
    primaryKeys: config.primaryKeys.map((key) => key.columns.map((column) => column.name)),
    uniques: config.uniqueConstraints.map((unique) => unique.columns.map((column) => column.name)),
    checks: config.checks.map((check) => check.name),
  }
}

describe('the schemas of both engines', () => {
  test('have the same tables, under the same exported names', () => {
    expect(Object.keys(sqlite).sort()).toEqual(Object.keys(postgres).sort())
    expect(sqliteTables.map((table) => getTableName(table)).sort()).toEqual(names)
    expect(names).toEqual(expect.arrayContaining(['api_keys', 'audit_details', 'audit_events', 'identities']))
  })

  test.each(names)('have the same columns, keys, uniques, indexes and references in %s', (name) => {
    const ofPostgres = postgresTables.find((table) => getTableName(table) === name)
    const ofSqlite = sqliteTables.find((table) => getTableName(table) === name)
    if (ofPostgres === undefined || ofSqlite === undefined) throw new Error(`no table ${name}`)
    const described = describeTable(sqliteConfig(ofSqlite))
    expect(described).toEqual(describeTable(postgresConfig(ofPostgres)))
    expect(described.columns.map(({ kind }) => kind).filter((kind) => kind.startsWith('unknown'))).toEqual([])
  })

  test('order text by its bytes, and keep instants to the millisecond', () => {
    const types = (tables: readonly (PgTable | SQLiteTable)[], columnType: string) =>
      new Set(
        tables
          .flatMap((table): { columnType: string; getSQLType(): string }[] =>
            is(table, PgTable) ? postgresConfig(table).columns : sqliteConfig(table as SQLiteTable).columns,
          )
          .filter((column) => column.columnType === columnType)
          .map((column) => column.getSQLType()),
      )
    // Bytes decide the order, as on SQLite, and not the collation that a server happens to have.
    expect(types(postgresTables, 'PgCustomColumn')).toEqual(new Set(['text COLLATE "C"']))
    expect(types(postgresTables, 'PgTimestamp')).toEqual(new Set(['timestamp (3) with time zone']))
    expect(types(sqliteTables, 'SQLiteTimestamp')).toEqual(new Set(['integer']))
  })
})

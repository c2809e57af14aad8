import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as postgresSchema from './schema.postgres.ts'
import * as sqliteSchema from './schema.sqlite.ts'

/** A row as both schemas read it: member names to JavaScript values. */
export type Row = Readonly<Record<string, unknown>>

/** A table on both engines, and the members of its rows, which are the same on both. */
export interface CopiedTable {
  readonly name: string
  readonly source: SQLiteTable
  readonly target: PgTable
  readonly members: readonly string[]
  /** The members that tell its rows apart: the primary key, or else a unique index without nulls. */
  readonly key: readonly string[]
  /** The member that the database numbers by itself. */
  readonly numbered: string | undefined
}

/**
 * Every table of the schema, each after those that it refers to. What replicas tell each other is not among them: it
 * has a schema of its own.
 */
export const copiedTables: readonly CopiedTable[] = inOrderOfReference(
  Object.entries(postgresSchema)
    .filter(([, table]) => is(table, PgTable))
    .map(([name, table]) => describe(table, sqliteSchema[name as keyof typeof sqliteSchema])),
)

function describe(target: PgTable, source: SQLiteTable): CopiedTable {
  const columns = Object.entries(getTableColumns(target))
  return {
    name: getTableName(target),
    source,
    target,
    members: columns.map(([member]) => member),
    key: keyOf(target),
    numbered: columns.find(([, column]) => column.generatedIdentity !== undefined)?.[0],
  }
}

function keyOf(table: PgTable): string[] {
  const columns = Object.entries(getTableColumns(table))
  const { primaryKeys, indexes } = getTableConfig(table)
  const single = columns.find(([, column]) => column.primary)
  if (single !== undefined) return [single[0]]
  const candidates = [
    ...primaryKeys.map((key) => key.columns.map(({ name }) => name)),
    ...indexes
      .filter(({ config }) => config.unique && config.where === undefined)
      .map(({ config }) => config.columns.map((column) => ('name' in column ? column.name : undefined))),
  ]
  for (const names of candidates) {
    const found = names.map((name) => columns.find(([, column]) => column.name === name && column.notNull))
    if (found.every((entry) => entry !== undefined)) return found.map(([member]) => member)
  }
  throw new Error(`nothing tells the rows of ${getTableName(table)} apart`)
}

function inOrderOfReference(tables: readonly CopiedTable[]): CopiedTable[] {
  const ordered: CopiedTable[] = []
  let waiting = tables
  while (waiting.length > 0) {
    const known = new Set(ordered.map(({ name }) => name))
    const ready = waiting.filter((table) => referredTo(table).every((name) => known.has(name)))
    if (ready.length === 0) throw new Error(`tables refer to each other: ${waiting.map(({ name }) => name)}`)
    ordered.push(...ready)
    waiting = waiting.filter((table) => !ready.includes(table))
  }
  return ordered
}

function referredTo({ name, target }: CopiedTable): string[] {
  const { foreignKeys } = getTableConfig(target)
  return foreignKeys
    .map((key) => getTableName(key.reference().foreignTable))
    .filter((other) => other !== name)
}

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
  /** The members of its other unique indexes. */
  readonly unique: readonly string[]
  /** The member that the database numbers by itself. */
  readonly numbered: string | undefined
}

const twinsByName = new Map<string, SQLiteTable>(Object.entries(sqliteSchema))

/**
 * Every table of the schema, each after those that it refers to. What replicas tell each other is not among them: it
 * has a schema of its own.
 */
export const copiedTables: readonly CopiedTable[] = inOrderOfReference(
  Object.entries(postgresSchema)
    .filter(([, table]) => is(table, PgTable))
    .map(([name, table]) => describe(table, twinsByName.get(name))),
)

function describe(target: PgTable, source: SQLiteTable | undefined): CopiedTable {
  if (source === undefined) throw new Error(`${getTableName(target)} is not in the schema of SQLite`)
  const columns = Object.entries(getTableColumns(target))
  const uniques = uniquesOf(target)
  const isNeverNull = (member: string) => columns.some(([name, { notNull }]) => name === member && notNull)
  const key = uniques.find(({ members, isPartial }) => !isPartial && members.every(isNeverNull))
  if (key === undefined) throw new Error(`nothing tells the rows of ${getTableName(target)} apart`)
  return {
    name: getTableName(target),
    source,
    target,
    members: columns.map(([member]) => member),
    key: key.members,
    unique: uniques.filter((one) => one !== key).flatMap(({ members }) => members),
    numbered: columns.find(([, column]) => column.generatedIdentity !== undefined)?.[0],
  }
}

/** What is unique in a table, the primary key first. */
function uniquesOf(table: PgTable): { members: string[]; isPartial: boolean }[] {
  const { columns, primaryKeys, uniqueConstraints, indexes } = getTableConfig(table)
  const whole = [
    ...columns.filter(({ primary }) => primary).map((column) => [column]),
    ...primaryKeys.map((key) => key.columns),
    ...uniqueConstraints.map((constraint) => constraint.columns),
    ...columns.filter(({ isUnique }) => isUnique).map((column) => [column]),
  ]
  const unique = indexes.filter(({ config }) => config.unique).map(({ config }) => config)
  return [
    ...whole.map((list) => ({ list, isPartial: false })),
    ...unique.map((index) => ({ list: index.columns, isPartial: index.where !== undefined })),
  ].map(({ list, isPartial }) => ({
    members: list.map((column) => memberOf(table, 'name' in column ? column.name : undefined)),
    isPartial,
  }))
}

function memberOf(table: PgTable, columnName: string | undefined): string {
  const [member] =
    Object.entries(getTableColumns(table)).find(([, column]) => column.name === columnName) ?? []
  if (member === undefined) throw new Error(`a unique index of ${getTableName(table)} is not on columns`)
  return member
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

import { type Column, getTableColumns, type SQL, sql, type Table } from 'drizzle-orm'
import type { Row } from './copied-tables.ts'

/** So many rows are in memory at a time, whatever a table holds. */
export const pageRows = 1000

/** The columns behind these members of a table's rows. */
export function columnsOf(table: Table, members: readonly string[]): Record<string, Column> {
  const columns = getTableColumns(table)
  return Object.fromEntries(
    members.map((member) => {
      const column = columns[member]
      if (column === undefined) throw new Error(`a table without ${member}`)
      return [member, column]
    }),
  )
}

/** The rows after `last` in the order of these columns; from the beginning where there is none. */
export function afterRow(columns: Record<string, Column>, last: Row | undefined): SQL | undefined {
  if (last === undefined) return undefined
  const values = Object.entries(columns).map(([member, column]) => sql.param(last[member], column))
  return sql`(${sql.join(Object.values(columns), sql`, `)}) > (${sql.join(values, sql`, `)})`
}

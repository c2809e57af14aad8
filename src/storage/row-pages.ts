import { and, type Column, getTableColumns, type SQL, sql, type Table } from 'drizzle-orm'
import type { Row } from './copied-tables.ts'

/** So many rows are in memory at a time, whatever a table holds. */
export const pageRowsMax = 1000

/** Rows that follow each other in the order of the table's key. The pages of a table leave no gap between them. */
export interface Page {
  readonly rows: readonly Row[]
  /** The last row of the page before. */
  readonly after: Row | undefined
  readonly isLast: boolean
}

/** The columns behind these members of a table's rows. */
export function columnsOf(table: Table, members: readonly string[]): Column[] {
  const columns = getTableColumns(table)
  return members.map((member) => {
    const column = columns[member]
    if (column === undefined) throw new Error(`a table without ${member}`)
    return column
  })
}

/** These columns, separated by commas. */
export const listOf = (columns: readonly Column[]): SQL => sql.join([...columns], sql`, `)

/** The rows after `row` in the order of these members; all where there is none. */
export function after(table: Table, members: readonly string[], row: Row | undefined): SQL | undefined {
  return row && sql`(${listOf(columnsOf(table, members))}) > (${valuesOf(table, members, row)})`
}

/** The rows that lie between the page before and the one after, whether they are in the page or not. */
export function within(table: Table, members: readonly string[], page: Page): SQL | undefined {
  const last = page.isLast ? undefined : page.rows.at(-1)
  const end = last && sql`(${listOf(columnsOf(table, members))}) <= (${valuesOf(table, members, last)})`
  return and(after(table, members, page.after), end)
}

function valuesOf(table: Table, members: readonly string[], row: Row): SQL {
  const columns = columnsOf(table, members)
  return sql.join(
    members.map((member, index) => sql.param(row[member], columns[index])),
    sql`, `,
  )
}

import type { Child } from 'hono/jsx'
import { Table } from '../data-table.tsx'

/** A table of the reference, in which everything may be broken anywhere: it is full of long names. */
export function PlainTable(props: {
  caption: string
  columns: readonly string[]
  rows: readonly (readonly Child[])[]
}) {
  const { caption, columns, rows } = props
  // What is empty stays so: a phone shows no label for it.
  const breakable = (cell: Child) => (cell === '' ? '' : <span>{cell}</span>)
  return <Table caption={caption} columns={columns} rows={rows.map((cells) => cells.map(breakable))} />
}

import type { Child } from 'hono/jsx'

/** A table that turns into cards on a phone, where each cell says which column it is of. */
export function DataTable(
  props: TableProps & {
    /** Instead of the table where there are no rows: what to do next. */
    empty: Child
  },
) {
  const { caption, columns, rows, empty } = props
  if (rows.length === 0) return <div class="empty">{empty}</div>
  return (
    <>
      {rows.length >= filteredFrom && (
        <p class="field" data-live-filter="" hidden>
          <label>
            Find on this page <input type="search" autocomplete="off" />
          </label>
        </p>
      )}
      <Table caption={caption} columns={columns} rows={rows} />
    </>
  )
}

type TableProps = {
  /** Read out before the table. */
  caption: string
  columns: readonly string[]
  rows: readonly (readonly Child[])[]
}

/** The table alone, for what is read and not searched. */
export function Table({ caption, columns, rows }: TableProps) {
  return (
    <table class="list">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col">{column}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr>
            {cells.map((cell, index) => (
              <td data-label={columns[index]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Shorter tables are read at a glance. */
const filteredFrom = 15

/** The way to the next page of a list, and back to its beginning. */
export function Pager({
  path,
  query,
  next,
}: {
  path: string
  query: Record<string, string>
  next: string | null
}) {
  const { cursor, ...filters } = query
  const isFirst = cursor === undefined || cursor === ''
  if (next === null && isFirst) return null
  return (
    <nav class="pager" aria-label="Pages">
      {!isFirst && <a href={withQuery(path, filters)}>Back to the beginning</a>}
      {next !== null && (
        <a class="button" rel="next" href={withQuery(path, { ...filters, cursor: next })}>
          Next page
        </a>
      )}
    </nav>
  )
}

/** Whether a list is narrowed by anything; where it goes on does not count. */
export function isNarrowed(query: Readonly<Record<string, string>>): boolean {
  return Object.entries(query).some(([name, value]) => name !== 'cursor' && value !== '')
}

/** A path with a query; what is empty is left out. */
export function withQuery(path: string, query: Record<string, string>): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  return search.size === 0 ? path : `${path}?${search}`
}

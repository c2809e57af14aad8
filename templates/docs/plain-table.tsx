import type { Child } from 'hono/jsx'

/** A table that is read and not searched: without the filter of lists. */
export function PlainTable(props: {
  caption: string
  columns: readonly string[]
  rows: readonly (readonly Child[])[]
}) {
  const { caption, columns, rows } = props
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
              <td data-label={cell === '' ? undefined : columns[index]}>
                {/* One child, beside the label on a phone. */}
                <span>{cell}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

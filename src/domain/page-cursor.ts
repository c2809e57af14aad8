/** Where the next page of a list begins: after this row, newest first. */
export interface PageCursor {
  readonly at: Date
  readonly id: string
}

export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly nextCursor: string | null
}

/** Writes a cursor for clients, opaque to them. */
export function writeCursor(cursor: PageCursor): string {
  return Buffer.from(`${cursor.at.getTime()}:${cursor.id}`).toString('base64url')
}

/** Reads a cursor back, or null for whatever we did not write. */
export function readCursor(text: string): PageCursor | null {
  const plain = Buffer.from(text, 'base64url').toString('latin1')
  const [, time, id] = /^([0-9]{1,15}):([0-9A-Za-z_-]{1,64})$/.exec(plain) ?? []
  if (time === undefined || id === undefined) return null
  return Buffer.from(plain).toString('base64url') === text ? { at: new Date(Number(time)), id } : null
}

/** Cuts one row too many, read to know whether there is more, into a page. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => PageCursor,
): Page<Row> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    rows: shown,
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(cursorOf(last)) : null,
  }
}

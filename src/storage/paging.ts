import { and, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { PageCursor } from '../domain/page-cursor.ts'

/** The rows after a cursor in a list ordered by (created_at, id), newest first. */
export function olderThan(
  columns: { createdAt: PgColumn; id: PgColumn },
  after: PageCursor | null,
): SQL | undefined {
  if (after === null) return undefined
  // The first condition says what the second implies: by it an index is entered where the page begins.
  return and(lte(columns.createdAt, after.at), or(lt(columns.createdAt, after.at), lt(columns.id, after.id)))
}

/** That a text holds another one, letter by letter: nothing in `part` is a wildcard. */
export function containsText(column: PgColumn | SQL, part: string): SQL {
  return sql`${column} LIKE ${`%${part.replaceAll(/[\\%_]/g, '\\$&')}%`} ESCAPE '\\'`
}

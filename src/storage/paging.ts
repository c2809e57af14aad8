import { and, eq, lt, or, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { PageCursor } from '../domain/page-cursor.ts'

/** The rows after a cursor in a list ordered by (created_at, id), newest first. */
export function olderThan(
  columns: { createdAt: PgColumn; id: PgColumn },
  after: PageCursor | null,
): SQL | undefined {
  if (after === null) return undefined
  return or(lt(columns.createdAt, after.at), and(eq(columns.createdAt, after.at), lt(columns.id, after.id)))
}

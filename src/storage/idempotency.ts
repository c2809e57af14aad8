import { and, eq, gt, lte } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'
import type { idempotencyRecords as recordsTable } from './schema.postgres.ts'

export type IdempotencyRecord = (typeof recordsTable)['$inferSelect']

/** Requests that made a key, by the name that their caller gave them. */
export function createIdempotencyRecords(database: Database) {
  const { idempotencyRecords } = database.tables
  return {
    async find(id: string, createdAfter: Date): Promise<IdempotencyRecord | null> {
      const recent = and(eq(idempotencyRecords.id, id), gt(idempotencyRecords.createdAt, createdAfter))
      const [record] = await database.rows(database.select().from(idempotencyRecords).where(recent).limit(1))
      return record ?? null
    },

    /** In a list it fails where the same request has made its key already, on any replica. */
    insert: (tx: Writer, record: IdempotencyRecord): Statement =>
      tx.insert(idempotencyRecords).values(record),

    /** Forgets the requests of another day. */
    prune: (tx: Writer, createdBefore: Date): Statement =>
      tx.delete(idempotencyRecords).where(lte(idempotencyRecords.createdAt, createdBefore)),
  }
}

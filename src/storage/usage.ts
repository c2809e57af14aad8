import { and, inArray, or, type SQL, sql } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'
import type { keyRefusals, keyStats, keyUsage } from './schema.postgres.ts'

export type KeyUsage = (typeof keyUsage)['$inferSelect']
export type KeyStat = (typeof keyStats)['$inferSelect']
export type KeyRefusalRow = (typeof keyRefusals)['$inferSelect']

/** How many refusals are kept of each key. */
export const refusalsKept = 5

/** How keys are used: written in batches, never by a verification. */
export function createUsage(database: Database) {
  const { apiKeys, keyRefusals, keyStats, keyUsage, users } = database.tables
  return {
    /** Adds to the counts; the latest use stays the latest, in whatever order processes flush. */
    addUses: (tx: Writer, rows: KeyUsage[]): Statement =>
      tx
        .insert(keyUsage)
        .values(rows)
        .onConflictDoUpdate({
          target: keyUsage.keyId,
          set: {
            requestCount: sql`${keyUsage.requestCount} + excluded.request_count`,
            lastUsedAt: sql`CASE WHEN excluded.last_used_at > ${keyUsage.lastUsedAt}
              THEN excluded.last_used_at ELSE ${keyUsage.lastUsedAt} END`,
          },
        }),

    addStats: (tx: Writer, rows: KeyStat[]): Statement =>
      tx
        .insert(keyStats)
        .values(rows)
        .onConflictDoUpdate({
          target: [keyStats.keyId, keyStats.hour, keyStats.outcome],
          set: { count: sql`${keyStats.count} + excluded.count` },
        }),

    addRefusals: (tx: Writer, rows: KeyRefusalRow[]): Statement => tx.insert(keyRefusals).values(rows),

    /** Forgets from where the keys of a user were refused. */
    eraseRefusalsOf: (tx: Writer, userId: string): Statement =>
      tx
        .delete(keyRefusals)
        .where(sql`${keyRefusals.keyId} IN (SELECT id FROM ${apiKeys} WHERE ${apiKeys.userId} = ${userId})`),

    /** Keeps the last five refusals of each of these keys, and none of keys whose owner was erased. */
    pruneRefusals: (tx: Writer, keyIds: string[]): Statement =>
      tx
        .delete(keyRefusals)
        .where(and(inArray(keyRefusals.keyId, keyIds), or(notAmongTheLast(keyIds), isOfErased()))),
  }

  function isOfErased(): SQL {
    return sql`${keyRefusals.keyId} IN (SELECT k.id FROM ${apiKeys} AS k JOIN ${users} AS u ON u.id = k.user_id
      WHERE u.status = 'erased')`
  }

  function notAmongTheLast(keyIds: string[]): SQL {
    return sql`${keyRefusals.id} NOT IN (SELECT id FROM (
      SELECT id, row_number() OVER (PARTITION BY key_id ORDER BY at DESC, id DESC) AS place
      FROM ${keyRefusals} WHERE ${inArray(keyRefusals.keyId, keyIds)}
    ) AS ranked WHERE place <= ${refusalsKept})`
  }
}

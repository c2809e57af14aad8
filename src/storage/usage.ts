import { and, desc, eq, inArray, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
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
            lastAddress: latest('last_address', keyUsage.lastAddress),
            lastUserAgent: latest('last_user_agent', keyUsage.lastUserAgent),
            lastUsedAt: latest('last_used_at', keyUsage.lastUsedAt),
          },
        }),

    /** Those of these keys of which no use was written yet. */
    neverUsed: (keyIds: string[]): Promise<{ id: string; userId: string }[]> =>
      database.rows(
        database
          .select({ id: apiKeys.id, userId: apiKeys.userId })
          .from(apiKeys)
          .leftJoin(keyUsage, eq(keyUsage.keyId, apiKeys.id))
          .where(and(inArray(apiKeys.id, keyIds), isNull(keyUsage.keyId))),
      ),

    /** Forgets from where keys were used whose owner was erased: what was gathered before may be written after. */
    forgetOriginsOfErased: (tx: Writer, keyIds: string[]): Statement =>
      tx
        .update(keyUsage)
        .set({ lastAddress: null, lastUserAgent: null })
        .where(and(inArray(keyUsage.keyId, keyIds), isOfErased(keyUsage.keyId))),

    addStats: (tx: Writer, rows: KeyStat[]): Statement =>
      tx
        .insert(keyStats)
        .values(rows)
        .onConflictDoUpdate({
          target: [keyStats.keyId, keyStats.hour, keyStats.outcome],
          set: { count: sql`${keyStats.count} + excluded.count` },
        }),

    /** The last refusals of a key, newest first. */
    refusalsOf: (keyId: string): Promise<KeyRefusalRow[]> =>
      database.rows(
        database
          .select()
          .from(keyRefusals)
          .where(eq(keyRefusals.keyId, keyId))
          .orderBy(desc(keyRefusals.at), desc(keyRefusals.id))
          .limit(refusalsKept),
      ),

    addRefusals: (tx: Writer, rows: KeyRefusalRow[]): Statement => tx.insert(keyRefusals).values(rows),

    /** Forgets from where the keys of a user were used and refused. */
    eraseOrigins: (tx: Writer, userId: string): Statement[] => {
      const ofUser = sql`(SELECT id FROM ${apiKeys} WHERE ${apiKeys.userId} = ${userId})`
      return [
        tx.delete(keyRefusals).where(sql`${keyRefusals.keyId} IN ${ofUser}`),
        tx
          .update(keyUsage)
          .set({ lastAddress: null, lastUserAgent: null })
          .where(sql`${keyUsage.keyId} IN ${ofUser}`),
      ]
    },

    /** Keeps the last five refusals of each of these keys, and none of keys whose owner was erased. */
    pruneRefusals: (tx: Writer, keyIds: string[]): Statement =>
      tx
        .delete(keyRefusals)
        .where(
          and(inArray(keyRefusals.keyId, keyIds), or(notAmongTheLast(keyIds), isOfErased(keyRefusals.keyId))),
        ),
  }

  function isOfErased(keyId: PgColumn): SQL {
    // From the few keys on, and not from everybody who was ever erased.
    return sql`EXISTS (SELECT 1 FROM ${apiKeys} AS k JOIN ${users} AS u ON u.id = k.user_id
      WHERE k.id = ${keyId} AND u.status = 'erased')`
  }

  /** What was written with the later of the two uses. */
  function latest(name: string, column: PgColumn): SQL {
    return sql`CASE WHEN excluded.last_used_at > ${keyUsage.lastUsedAt}
      THEN ${sql.raw(`excluded.${name}`)} ELSE ${column} END`
  }

  function notAmongTheLast(keyIds: string[]): SQL {
    return sql`${keyRefusals.id} NOT IN (SELECT id FROM (
      SELECT id, row_number() OVER (PARTITION BY key_id ORDER BY at DESC, id DESC) AS place
      FROM ${keyRefusals} WHERE ${inArray(keyRefusals.keyId, keyIds)}
    ) AS ranked WHERE place <= ${refusalsKept})`
  }
}

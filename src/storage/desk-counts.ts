import { and, asc, count, desc, eq, gt, gte, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'
import type { verificationStats as statsTable } from './schema.postgres.ts'
import type { User } from './users.ts'

/** How often verifications of the whole desk came out like this within one hour. */
export type DeskStat = (typeof statsTable)['$inferSelect']

/** So many keys at a time are looked at where a question takes all of them: a few milliseconds. */
const keysAtOnce = 4000
/** So many counts of keys are forgotten in one transaction. */
const forgottenAtOnce = 1000

/** What is asked of the whole desk: counts by the hour, and what is worth a look. */
export function createDeskCounts(database: Database) {
  const { apiKeys, keyRefusals, keyStats, keyUsage, users, verificationStats } = database.tables
  return {
    addStats: (tx: Writer, rows: DeskStat[]): Statement =>
      tx
        .insert(verificationStats)
        .values(rows)
        .onConflictDoUpdate({
          target: [verificationStats.hour, verificationStats.outcome],
          set: { count: sql`${verificationStats.count} + excluded.count` },
        }),

    statsSince: (hour: Date): Promise<DeskStat[]> =>
      database.rows(
        database
          .select()
          .from(verificationStats)
          .where(gte(verificationStats.hour, hour))
          .orderBy(asc(verificationStats.hour), asc(verificationStats.outcome)),
      ),

    /** Whether there are counts of single keys from before this hour. */
    async hasKeyStatsBefore(hour: Date): Promise<boolean> {
      const query = database.select({ hour: keyStats.hour }).from(keyStats).where(lt(keyStats.hour, hour))
      return (await database.rows(query.orderBy(asc(keyStats.hour)).limit(1))).length > 0
    },

    /** Forgets some of the counts of single keys from before this hour, the oldest first. */
    forgetKeyStats: (tx: Writer, before: Date): Statement =>
      tx.delete(keyStats).where(
        sql`(${keyStats.keyId}, ${keyStats.hour}, ${keyStats.outcome}) IN (SELECT s.key_id, s.hour, s.outcome
            FROM ${keyStats} AS s WHERE s.hour < ${sql.param(before, keyStats.hour)} ORDER BY s.hour LIMIT ${sql.raw(String(forgottenAtOnce))})`,
      ),

    /** Forgets the counts of the desk from before this hour: a few an hour. */
    forgetStats: (tx: Writer, before: Date): Statement =>
      tx.delete(verificationStats).where(lt(verificationStats.hour, before)),

    /** How many people, or service accounts, are active. */
    async countActive(kind: User['kind']): Promise<number> {
      const active = and(eq(users.kind, kind), eq(users.status, 'active'))
      const query = database
        .select({ count: count().as('count') })
        .from(users)
        .where(active)
      return Number((await database.rows(query))[0]?.count ?? 0)
    },

    /** Live keys that expire between two times, the first of them first, with their owners. */
    expiringKeys: (from: Date, until: Date, limit: number) =>
      database.rows(
        database
          .select({ key: apiKeys, owner: users })
          .from(apiKeys)
          .innerJoin(users, eq(users.id, apiKeys.userId))
          .where(and(isNull(apiKeys.revokedAt), gt(apiKeys.expiresAt, from), lt(apiKeys.expiresAt, until)))
          .orderBy(asc(apiKeys.expiresAt), asc(apiKeys.id))
          .limit(limit),
      ),

    /** The latest refusals of keys whose secret was proven, with the keys and their owners. */
    latestRefusals: (limit: number) =>
      database.rows(
        database
          .select({ refusal: keyRefusals, keyName: apiKeys.name, owner: users })
          .from(keyRefusals)
          .innerJoin(apiKeys, eq(apiKeys.id, keyRefusals.keyId))
          .innerJoin(users, eq(users.id, apiKeys.userId))
          .orderBy(desc(keyRefusals.at))
          .limit(limit),
      ),

    /** When the oldest key was made; null where there is none. */
    async firstKeyAt(): Promise<Date | null> {
      const query = database.select({ at: apiKeys.createdAt }).from(apiKeys)
      return (await database.rows(query.orderBy(asc(apiKeys.createdAt)).limit(1)))[0]?.at ?? null
    },

    /**
     * How many live keys made from `from` on, and neither made nor used since `unusedSince`, there are among the next few
     * thousand, and where the rest begins; null where nothing is left.
     */
    async countUnused(
      from: Date,
      unusedSince: Date,
      now: Date,
    ): Promise<{ unused: number; restFrom: Date | null }> {
      const restFrom = await startOfRest(from, unusedSince)
      const unused = and(
        isNull(apiKeys.revokedAt),
        or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)),
        or(isNull(keyUsage.lastUsedAt), lt(keyUsage.lastUsedAt, unusedSince)),
      )
      // The range alone is in WHERE, or SQLite would go through all live keys each time.
      const query = database
        .select({ count: sql<number>`count(CASE WHEN ${unused} THEN 1 END)`.as('count') })
        .from(apiKeys)
        .leftJoin(keyUsage, eq(keyUsage.keyId, apiKeys.id))
        .where(and(gte(apiKeys.createdAt, from), lt(apiKeys.createdAt, restFrom ?? unusedSince)))
      return { unused: Number((await database.rows(query))[0]?.count ?? 0), restFrom }
    },
  }

  /** The time of making that comes so many keys after this one. Keys made within one millisecond stay together. */
  async function startOfRest(from: Date, until: Date): Promise<Date | null> {
    const time = (at: Date): SQL => sql`${sql.param(at, apiKeys.createdAt)}`
    const nth = sql`(SELECT k.created_at FROM ${apiKeys} AS k WHERE k.created_at >= ${time(from)}
      AND k.created_at < ${time(until)} ORDER BY k.created_at LIMIT 1 OFFSET ${sql.raw(String(keysAtOnce))})`
    const query = database
      .select({ at: nth.mapWith(apiKeys.createdAt).as('at') })
      .from(apiKeys)
      .where(isNotNull(apiKeys.id))
      .limit(1)
    const at = ((await database.rows(query))[0]?.at ?? null) as Date | null
    if (at === null) return null
    return at > from ? at : new Date(from.getTime() + 1)
  }
}

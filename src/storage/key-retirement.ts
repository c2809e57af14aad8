import { and, asc, eq, gt, isNotNull, isNull, not, or, type SQL, sql } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'
import type { apiKeys as apiKeysTable } from './schema.postgres.ts'

type ApiKey = (typeof apiKeysTable)['$inferSelect']
/** A key as it was read: in another version a guarded statement leaves it alone. */
type ReadKey = Pick<ApiKey, 'id' | 'version'>

/** A key that another has replaced. */
export type RetiringKey = Pick<ApiKey, 'id' | 'version' | 'userId' | 'successorId' | 'retiresAt'>

/** One that may retire. */
export interface DueKey extends RetiringKey {
  readonly isGraceOver: boolean
}

/** So many keys are looked at in one query. */
const pageMax = 500

/** Keys that another takes the place of. Who is revoked retires no more: `retires_at` is of live keys alone. */
export function createKeyRetirement(database: Database) {
  const { apiKeys, keyUsage } = database.tables
  const columns = {
    id: apiKeys.id,
    version: apiKeys.version,
    userId: apiKeys.userId,
    successorId: apiKeys.successorId,
    rotatedAt: apiKeys.rotatedAt,
    quietSeconds: apiKeys.quietSeconds,
    retiresAt: apiKeys.retiresAt,
  }
  // So that SQLite finds the few by their own index, and not among all that are not revoked.
  const isRetiring = and(gt(apiKeys.retiresAt, new Date(0)), not(isNotNull(apiKeys.revokedAt)))
  const nextVersion = sql`${apiKeys.version} + 1`
  return {
    /** Says that another key has taken the place of this one; never of a dead key, nor of one changed since it was read. */
    beginRetirement: (
      tx: Writer,
      key: ReadKey,
      retirement: Pick<ApiKey, 'successorId' | 'rotatedAt' | 'quietSeconds' | 'retiresAt'>,
    ): Statement =>
      tx
        .update(apiKeys)
        .set({ ...retirement, version: key.version + 1 })
        .where(asRead(key)),

    /** Another takes the place of this one after all, in the same time. */
    handOver: (tx: Writer, key: ReadKey, successorId: string): Statement =>
      tx
        .update(apiKeys)
        .set({ successorId, version: key.version + 1 })
        .where(asRead(key)),

    /** Nothing takes the place of this one any more: it goes on as if it had never been replaced. */
    endRetirement: (tx: Writer, key: ReadKey): Statement =>
      tx
        .update(apiKeys)
        .set({
          successorId: null,
          rotatedAt: null,
          quietSeconds: null,
          retiresAt: null,
          version: key.version + 1,
        })
        .where(asRead(key)),

    /** Revokes a key, unless it was changed since it was read. */
    revokeAsRead: (tx: Writer, key: ReadKey, at: Date, reason: string | null): Statement =>
      tx
        .update(apiKeys)
        .set({ revokedAt: at, revokedReason: reason, retiresAt: null, version: nextVersion })
        .where(asRead(key)),

    /** Changes nothing; its one row says that a key is neither revoked nor expired. */
    requireLive: (tx: Writer, id: string, now: Date): Statement =>
      tx
        .guard(apiKeys)
        .set({ version: sql`${apiKeys.version}` })
        .where(
          and(
            eq(apiKeys.id, id),
            isNull(apiKeys.revokedAt),
            or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)),
          ),
        ),

    /** Retiring keys whose successor is dead itself: they are all that somebody has. */
    async leftAlone(now: Date, limit: number): Promise<RetiringKey[]> {
      const query = database
        .select(columns)
        .from(apiKeys)
        .where(and(isRetiring, sql`NOT ${hasLiveSuccessor(now)}`))
        .orderBy(asc(apiKeys.retiresAt))
        .limit(limit)
      return (await database.rows(query)).map(toRetiring)
    },

    /**
     * Keys whose successor lives and that nobody needs any more, in the order of the end of their grace. Uses after
     * `unseenSince` may not be known yet.
     */
    async dueToRetire(now: Date, unseenSince: Date, limit: number): Promise<DueKey[]> {
      const due: DueKey[] = []
      let after: Pick<RetiringKey, 'id' | 'retiresAt'> | null = null
      for (;;) {
        const rows = await retiringPage(now, after)
        for (const row of rows) {
          const isGraceOver = row.retiresAt !== null && row.retiresAt <= now
          const quietMs = (row.quietSeconds ?? 0) * 1000
          const lastMs = Math.max(row.lastUsedAt?.getTime() ?? 0, row.rotatedAt?.getTime() ?? 0)
          const isQuiet = row.successorUsedAt !== null && lastMs + quietMs <= unseenSince.getTime()
          if (isGraceOver || isQuiet) due.push({ ...toRetiring(row), isGraceOver })
          if (due.length === limit) return due
        }
        after = rows.at(-1) ?? null
        if (after === null || rows.length < pageMax) return due
      }
    },
  }

  function retiringPage(now: Date, after: Pick<RetiringKey, 'id' | 'retiresAt'> | null) {
    const { retiresAt, id } = apiKeys
    const beyond =
      after === null || after.retiresAt === null
        ? undefined
        : or(gt(retiresAt, after.retiresAt), and(eq(retiresAt, after.retiresAt), gt(id, after.id)))
    const query = database
      .select({
        ...columns,
        lastUsedAt: keyUsage.lastUsedAt,
        // Null where it was never used.
        successorUsedAt:
          sql<unknown>`(SELECT u.last_used_at FROM ${keyUsage} AS u WHERE u.key_id = ${apiKeys.successorId})`.as(
            'successor_used_at',
          ),
      })
      .from(apiKeys)
      .leftJoin(keyUsage, eq(keyUsage.keyId, apiKeys.id))
      .where(and(isRetiring, hasLiveSuccessor(now), beyond))
      .orderBy(asc(retiresAt), asc(id))
      .limit(pageMax)
    return database.rows(query)
  }

  function hasLiveSuccessor(now: Date): SQL {
    return sql`EXISTS (SELECT 1 FROM ${apiKeys} AS s WHERE s.id = ${apiKeys.successorId} AND s.revoked_at IS NULL
      AND (s.expires_at IS NULL OR s.expires_at > ${sql.param(now, apiKeys.expiresAt)}))`
  }

  function asRead(key: ReadKey): SQL | undefined {
    return and(eq(apiKeys.id, key.id), eq(apiKeys.version, key.version), isNull(apiKeys.revokedAt))
  }
}

function toRetiring({ id, version, userId, successorId, retiresAt }: RetiringKey): RetiringKey {
  return { id, version, userId, successorId, retiresAt }
}

import {
  and,
  asc,
  count,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNotNull,
  isNull,
  lte,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { KeyStatus } from '../domain/key-status.ts'
import type { Identity } from './identities.ts'
import { createKeyRetirement } from './key-retirement.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { apiKeys as apiKeysTable, CreatedThrough } from './schema.postgres.ts'
import type { User } from './users.ts'

export type { CreatedThrough } from './schema.postgres.ts'
export type ApiKey = (typeof apiKeysTable)['$inferSelect']
/** A key without what only verification needs, and with how it is used (null when it never was). */
export type KeyRecord = Omit<ApiKey, 'secretHash'> & {
  readonly lastUsedAt: Date | null
  readonly requestCount: number | null
  readonly lastAddress: string | null
  readonly lastUserAgent: string | null
}

/** A key, its owner, and how providers know the owner: everything that a verification judges but the rules. */
export interface KeyWithOwner {
  readonly key: ApiKey
  readonly owner: User
  readonly identities: readonly Identity[]
}

/** API keys. */
export function createKeys(database: Database) {
  const { apiKeys, identities, keyUsage, users } = database.tables
  const { secretHash: _, ...keyColumns } = getTableColumns(apiKeys)
  const recordColumns = {
    ...keyColumns,
    lastUsedAt: keyUsage.lastUsedAt,
    requestCount: keyUsage.requestCount,
    lastAddress: keyUsage.lastAddress,
    lastUserAgent: keyUsage.lastUserAgent,
  }
  const nextVersion = sql`${apiKeys.version} + 1`
  const withOwner = database.prepared((select) =>
    select({ key: apiKeys, owner: users, identity: identities })
      .from(apiKeys)
      .innerJoin(users, eq(users.id, apiKeys.userId))
      .leftJoin(identities, eq(identities.userId, users.id))
      .where(eq(apiKeys.id, sql.placeholder('id'))),
  )
  return {
    async find(id: string): Promise<KeyRecord | null> {
      const query = database
        .select(recordColumns)
        .from(apiKeys)
        .leftJoin(keyUsage, eq(keyUsage.keyId, apiKeys.id))
        .where(eq(apiKeys.id, id))
        .limit(1)
      const [key] = await database.rows(query)
      return key ?? null
    },

    /** A key with its hash and its owner, read in one statement: what verification judges. */
    async findWithOwner(id: string): Promise<KeyWithOwner | null> {
      const rows = await withOwner({ id })
      const [first] = rows
      if (first === undefined) return null
      // A left join: the type says that there is one, and there may be none.
      const known = rows.map((row): Identity | null => row.identity).filter((identity) => identity !== null)
      return { key: first.key, owner: first.owner, identities: known }
    },

    /** Whether there is any key. */
    async exist(): Promise<boolean> {
      return (await database.rows(database.select({ id: apiKeys.id }).from(apiKeys).limit(1))).length > 0
    },

    /** How many keys that were made in this way a user holds that are neither revoked nor expired. */
    async countLiveThrough(userId: string, through: CreatedThrough, now: Date): Promise<number> {
      const live = and(
        eq(apiKeys.userId, userId),
        eq(apiKeys.createdThrough, through),
        withStatus('active', now),
      )
      return (await database.rows(database.select({ id: apiKeys.id }).from(apiKeys).where(live))).length
    },

    /** How many live keys each of these users holds; who holds none is not in it. */
    async countLiveOf(userIds: readonly string[], now: Date): Promise<Map<string, number>> {
      if (userIds.length === 0) return new Map()
      const live = and(inArray(apiKeys.userId, [...userIds]), withStatus('active', now))
      const rows = await database.rows(database.select({ userId: apiKeys.userId }).from(apiKeys).where(live))
      const counts = new Map<string, number>()
      for (const { userId } of rows) counts.set(userId, (counts.get(userId) ?? 0) + 1)
      return counts
    },

    /** The ids of all keys of a user that are not revoked, expired ones among them. */
    async unrevokedIdsOf(userId: string): Promise<string[]> {
      const unrevoked = and(eq(apiKeys.userId, userId), isNull(apiKeys.revokedAt))
      const rows = await database.rows(database.select({ id: apiKeys.id }).from(apiKeys).where(unrevoked))
      return rows.map(({ id }) => id)
    },

    /** Changes nothing; its one row says that the key is not revoked, and its owner an active admin. */
    requireAdminKey: (tx: Writer, id: string, now: Date): Statement =>
      tx
        .guard(apiKeys)
        .set({ version: sql`${apiKeys.version}` })
        .where(
          and(
            eq(apiKeys.id, id),
            isNull(apiKeys.revokedAt),
            or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)),
            sql`EXISTS (SELECT 1 FROM ${users} AS owner WHERE owner.id = ${apiKeys.userId}
              AND owner.status = 'active' AND owner.role = 'admin')`,
          ),
        ),

    /** What those of these keys are called that there are. */
    async namesOf(ids: readonly string[]): Promise<{ id: string; name: string }[]> {
      if (ids.length === 0) return []
      const query = database
        .select({ id: apiKeys.id, name: apiKeys.name })
        .from(apiKeys)
        .where(inArray(apiKeys.id, [...new Set(ids)]))
      return database.rows(query)
    },

    /** Which of these keys are not revoked, expired ones among them. */
    async unrevokedAmong(ids: readonly string[]): Promise<{ id: string; userId: string }[]> {
      const unrevoked = and(inArray(apiKeys.id, [...ids]), isNull(apiKeys.revokedAt))
      const query = database.select({ id: apiKeys.id, userId: apiKeys.userId }).from(apiKeys)
      return database.rows(query.where(unrevoked).orderBy(asc(apiKeys.id)))
    },

    /** How many keys are neither revoked nor expired; reads an index, not the keys. */
    async countLive(now: Date): Promise<number> {
      const query = database
        .select({ count: count().as('count') })
        .from(apiKeys)
        .where(withStatus('active', now))
      const [row] = await database.rows(query)
      return Number(row?.count ?? 0)
    },

    insert: (tx: Writer, key: ApiKey): Statement => tx.insert(apiKeys).values(key),

    /** All keys of a user that are not revoked yet. */
    revokeOfUser: (tx: Writer, userId: string, at: Date, reason: string | null = null): Statement =>
      tx
        .update(apiKeys)
        .set({ revokedAt: at, revokedReason: reason, retiresAt: null, version: nextVersion })
        .where(and(eq(apiKeys.userId, userId), isNull(apiKeys.revokedAt))),

    /** Revoked is terminal: the time of the first revocation stays, and no statement sets it back. */
    revoke: (tx: Writer, id: string, at: Date, reason: string | null = null): Statement =>
      tx
        .update(apiKeys)
        .set({ revokedAt: at, revokedReason: reason, retiresAt: null, version: nextVersion })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt))),

    /** The same for many: those of them that are not revoked yet. */
    revokeAll: (tx: Writer, ids: readonly string[], at: Date, reason: string | null): Statement =>
      tx
        .update(apiKeys)
        .set({ revokedAt: at, revokedReason: reason, retiresAt: null, version: nextVersion })
        .where(and(inArray(apiKeys.id, [...ids]), isNull(apiKeys.revokedAt))),

    /** What an admin may change, unless the key was revoked or changed since `version` was read. */
    update: (tx: Writer, key: KeyRecord): Statement =>
      tx
        .update(apiKeys)
        .set({
          name: key.name,
          scopes: key.scopes,
          expiresAt: key.expiresAt,
          expirySetAt: key.expirySetAt,
          metadata: key.metadata,
          rateLimit: key.rateLimit,
          allowedAddresses: key.allowedAddresses,
          retiresAt: key.retiresAt,
          version: key.version + 1,
        })
        .where(asRead(key)),

    ...createKeyRetirement(database),
  }

  function asRead(key: Pick<ApiKey, 'id' | 'version'>): SQL | undefined {
    return and(eq(apiKeys.id, key.id), eq(apiKeys.version, key.version), isNull(apiKeys.revokedAt))
  }

  function withStatus(status: KeyStatus | 'all', now: Date): SQL | undefined {
    switch (status) {
      case 'all':
        return undefined
      case 'revoked':
        return isNotNull(apiKeys.revokedAt)
      case 'expired':
        return and(isNull(apiKeys.revokedAt), lte(apiKeys.expiresAt, now))
      case 'active':
        return and(isNull(apiKeys.revokedAt), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)))
    }
  }
}

import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  isNotNull,
  isNull,
  lt,
  lte,
  ne,
  not,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { type Page, type PageCursor, toPage } from '../domain/page-cursor.ts'
import type { KeyRecord } from './keys.ts'
import { containsText } from './paging.ts'
import type { Database, Query } from './query.ts'
import type { CreatedThrough } from './schema.postgres.ts'

export interface KeyFilter {
  readonly userId?: string | undefined
  /** `retiring` keys are active ones; `active` holds them too. */
  readonly status: 'active' | 'retiring' | 'revoked' | 'expired' | 'all'
  /** A part of the key id, of its name, or of its owner's address. */
  readonly search?: string | undefined
  readonly scope?: string | undefined
  /** Not used since then, and made before. */
  readonly unusedSince?: Date | undefined
  readonly expiringBefore?: Date | undefined
  readonly createdThrough?: CreatedThrough | undefined
  /** Leaves out what is revoked, whatever the status. */
  readonly isUnrevoked?: boolean | undefined
  readonly now: Date
}

/** By which time, and whether the latest comes first. Who has no such time is not in the list. */
export type KeySort = 'created_at' | '-created_at' | 'expires_at' | 'last_used_at' | '-last_used_at'

/** Lists of keys, each along an index. */
export function createKeyLists(database: Database) {
  const { apiKeys, keyUsage, users } = database.tables
  const { secretHash: _, ...keyColumns } = getTableColumns(apiKeys)
  const { lastUsedAt, requestCount, lastAddress, lastUserAgent } = keyUsage
  const recordColumns = { ...keyColumns, lastUsedAt, requestCount, lastAddress, lastUserAgent }
  return {
    async page(
      filter: KeyFilter & { sort: KeySort; limit: number; after: PageCursor | null },
    ): Promise<Page<KeyRecord>> {
      const { sort, after, limit } = filter
      const column = sort.endsWith('created_at')
        ? apiKeys.createdAt
        : sort === 'expires_at'
          ? apiKeys.expiresAt
          : keyUsage.lastUsedAt
      const isDescending = sort.startsWith('-')
      const direction = isDescending ? desc : asc
      const rows: Query<KeyRecord> = joined(column)
        .where(and(matching(filter, column), isNotNull(column), beyond(column, after, isDescending)))
        .orderBy(direction(column), direction(apiKeys.id))
        .limit(limit + 1)
      const timeOf = (key: KeyRecord) => {
        if (column === apiKeys.createdAt) return key.createdAt
        return (column === apiKeys.expiresAt ? key.expiresAt : key.lastUsedAt) ?? key.createdAt
      }
      return toPage(await database.rows(rows), limit, (key) => ({ at: timeOf(key), id: key.id }))
    },

    /** The ids of all keys that a filter takes, at most `limit` of them. */
    async idsOf(filter: KeyFilter, limit: number): Promise<string[]> {
      const query = database
        .select({ id: apiKeys.id })
        .from(apiKeys)
        .leftJoin(keyUsage, eq(keyUsage.keyId, apiKeys.id))
        .where(matching(filter, apiKeys.createdAt))
        .orderBy(asc(apiKeys.createdAt), asc(apiKeys.id))
        .limit(limit)
      return (await database.rows(query)).map(({ id }) => id)
    },
  }

  function joined(column: PgColumn): Query<KeyRecord> {
    const select = database.select(recordColumns)
    // From where the order comes, so that no list has to be sorted.
    return column === keyUsage.lastUsedAt
      ? select.from(keyUsage).innerJoin(apiKeys, eq(apiKeys.id, keyUsage.keyId))
      : select.from(apiKeys).leftJoin(keyUsage, eq(keyUsage.keyId, apiKeys.id))
  }

  function beyond(column: PgColumn, after: PageCursor | null, isDescending: boolean): SQL | undefined {
    if (after === null) return undefined
    const [further, notBefore] = isDescending ? [lt, lte] : [gt, gte]
    // The first condition says what the second implies: by it an index is entered where the page begins.
    return and(notBefore(column, after.at), or(further(column, after.at), further(apiKeys.id, after.id)))
  }

  function matching(filter: KeyFilter, column: PgColumn): SQL | undefined {
    const { userId, status, unusedSince, expiringBefore, createdThrough, now } = filter
    const isByUse = column === keyUsage.lastUsedAt
    const texts = and(withScope(filter.scope), withText(filter.search))
    return and(
      userId === undefined ? undefined : eq(apiKeys.userId, userId),
      withStatus(status, now),
      filter.isUnrevoked === true ? isUnrevoked() : undefined,
      createdThrough === undefined ? undefined : not(ne(apiKeys.createdThrough, createdThrough)),
      expiringBefore === undefined
        ? undefined
        : isByUse
          ? not(gte(apiKeys.expiresAt, expiringBefore))
          : lt(apiKeys.expiresAt, expiringBefore),
      unusedSince === undefined ? undefined : unused(unusedSince, column),
      // By last use each row would be looked up on its own, which is slower than to read all keys once. As an expression,
      // or SQLite would sort all that the text is in.
      texts === undefined || !isByUse
        ? texts
        : sql`(${keyUsage.keyId} || '') IN (SELECT ${apiKeys.id} FROM ${apiKeys} WHERE ${texts})`,
    )
  }

  function unused(since: Date, column: PgColumn): SQL | undefined {
    if (column === keyUsage.lastUsedAt)
      return and(lt(keyUsage.lastUsedAt, since), not(gte(apiKeys.createdAt, since)))
    return and(lt(apiKeys.createdAt, since), or(isNull(keyUsage.lastUsedAt), lt(keyUsage.lastUsedAt, since)))
  }

  function withScope(scope: string | undefined): SQL | undefined {
    // A scope holds no quote and no wildcard but the underscore.
    return scope === undefined ? undefined : containsText(sql`CAST(${apiKeys.scopes} AS text)`, `"${scope}"`)
  }

  function withText(search: string | undefined): SQL | undefined {
    if (search === undefined) return undefined
    // Some databases lower ASCII only: another letter is found as it was written.
    const spellings = new Set([search.toLowerCase(), asciiLower(search)])
    return or(
      ...[...spellings].map((spelling) => containsText(sql`lower(${apiKeys.name})`, spelling)),
      /^[0-9A-Za-z]+$/.test(search) ? containsText(sql`lower(${apiKeys.id})`, asciiLower(search)) : undefined,
      // Owners are looked for once, and not for every key.
      sql`${apiKeys.userId} IN (SELECT ${users.id} FROM ${users}
        WHERE ${containsText(users.email, search.toLowerCase())})`,
    )
  }

  function withStatus(status: KeyFilter['status'], now: Date): SQL | undefined {
    const live = and(
      isUnrevoked(),
      not(and(isNotNull(apiKeys.expiresAt), lte(apiKeys.expiresAt, now)) as SQL),
    )
    switch (status) {
      case 'all':
        return undefined
      case 'revoked':
        return not(isNull(apiKeys.revokedAt))
      case 'expired':
        return and(isUnrevoked(), not(gt(apiKeys.expiresAt, now)))
      case 'active':
        return live
      case 'retiring':
        // They are few, and found by an index of their own.
        return and(
          live,
          sql`${apiKeys.id} IN (SELECT ${apiKeys.id} FROM ${apiKeys} WHERE ${gt(apiKeys.retiresAt, new Date(0))})`,
        )
    }
  }

  // What most keys are is written with NOT: SQLite would take all of them from an index, and sort them.
  function isUnrevoked(): SQL {
    return not(isNotNull(apiKeys.revokedAt))
  }
}

function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

import { and, asc, count, desc, eq, gt, inArray, ne, not, or, type SQL, sql } from 'drizzle-orm'
import { type Page, type PageCursor, toPage } from '../domain/page-cursor.ts'
import { containsText, olderThan } from './paging.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { CreatedThrough, users as usersTable } from './schema.postgres.ts'

export type User = (typeof usersTable)['$inferSelect']

export interface UserFilter {
  readonly status?: 'active' | 'disabled' | undefined
  readonly role?: User['role'] | undefined
  readonly kind?: User['kind'] | undefined
  readonly search?: string | undefined
  /** Service accounts for which this person answers. */
  readonly responsibleId?: string | undefined
  /** Service accounts for which nobody answers who is active. */
  readonly isUnanswered?: boolean | undefined
  readonly limit: number
  readonly after: PageCursor | null
}

/** People and service accounts. */
export function createUsers(database: Database) {
  const { users, apiKeys, identities } = database.tables
  return {
    async find(id: string): Promise<User | null> {
      const [user] = await database.rows(database.select().from(users).where(eq(users.id, id)).limit(1))
      return user ?? null
    },

    /** Those of these ids whom there are, erased ones among them. */
    async findAll(ids: readonly string[]): Promise<User[]> {
      if (ids.length === 0) return []
      const query = database
        .select()
        .from(users)
        .where(inArray(users.id, [...new Set(ids)]))
      return database.rows(query)
    },

    /** Those who were erased are nobody any more. `search` is a part of the name or of the address, in any case. */
    async page(filter: UserFilter): Promise<Page<User>> {
      const query = database
        .select()
        .from(users)
        .where(
          and(
            // With NOT, so that SQLite goes along the order of the list, whatever index it finds.
            filter.status === undefined ? ne(users.status, 'erased') : not(ne(users.status, filter.status)),
            filter.role === undefined ? undefined : not(ne(users.role, filter.role)),
            filter.kind === undefined ? undefined : eq(users.kind, filter.kind),
            filter.search === undefined ? undefined : matches(filter.search),
            filter.responsibleId === undefined ? undefined : eq(users.responsibleId, filter.responsibleId),
            filter.isUnanswered === true ? unanswered() : undefined,
            olderThan(users, filter.after),
          ),
        )
      const ordered = query.orderBy(desc(users.createdAt), desc(users.id)).limit(filter.limit + 1)
      return toPage(await database.rows(ordered), filter.limit, (user) => ({
        at: user.createdAt,
        id: user.id,
      }))
    },

    /** Active people with an id after this one, by id: for whoever goes through all of them. */
    async activePeopleAfter(id: string, limit: number): Promise<User[]> {
      // With NOT, or SQLite would take all people from the index of the kind, and sort them.
      const people = and(not(ne(users.kind, 'person')), eq(users.status, 'active'), gt(users.id, id))
      return database.rows(database.select().from(users).where(people).orderBy(asc(users.id)).limit(limit))
    },

    /** How many active service accounts there are for which nobody answers who is active. */
    async serviceAccountsWithoutResponsible(): Promise<number> {
      const query = database
        .select({ count: count().as('count') })
        .from(users)
        .where(and(eq(users.status, 'active'), unanswered()))
      return Number((await database.rows(query))[0]?.count ?? 0)
    },

    /** The service accounts for which somebody answers, disabled ones among them. */
    async idsAnsweredBy(id: string): Promise<string[]> {
      const query = database.select({ id: users.id }).from(users).where(eq(users.responsibleId, id))
      return (await database.rows(query.orderBy(asc(users.id)))).map((account) => account.id)
    },

    /** Nobody answers for these service accounts any more. */
    leaveUnanswered: (tx: Writer, responsibleId: string, at: Date): Statement =>
      tx
        .update(users)
        .set({ responsibleId: null, updatedAt: at, version: sql`${users.version} + 1` })
        .where(eq(users.responsibleId, responsibleId)),

    insert: (tx: Writer, user: User): Statement => tx.insert(users).values(user),

    /** What an admin may change, unless somebody else changed the user since `version` was read. */
    update: (
      tx: Writer,
      user: Pick<
        User,
        | 'id'
        | 'version'
        | 'name'
        | 'role'
        | 'status'
        | 'groups'
        | 'scopeLimit'
        | 'responsibleId'
        | 'updatedAt'
      >,
    ): Statement =>
      tx
        .update(users)
        .set({
          name: user.name,
          role: user.role,
          status: user.status,
          groups: user.groups,
          scopeLimit: user.scopeLimit,
          responsibleId: user.responsibleId,
          updatedAt: user.updatedAt,
          version: user.version + 1,
        })
        .where(and(eq(users.id, user.id), eq(users.version, user.version), ne(users.status, 'erased'))),

    /** Leaves the id, and nothing that says whose it was, unless somebody changed the user since `version` was read. */
    erase: (tx: Writer, { id, version }: Pick<User, 'id' | 'version'>, at: Date): Statement =>
      tx
        .update(users)
        .set({
          email: null,
          name: null,
          picture: null,
          role: 'member',
          groups: [],
          scopeLimit: null,
          responsibleId: null,
          status: 'erased',
          updatedAt: at,
          version: version + 1,
        })
        .where(and(eq(users.id, id), eq(users.version, version), ne(users.status, 'erased'))),

    /** Whether somebody else is an active admin. */
    async hasOtherAdmin(id: string): Promise<boolean> {
      const other = and(
        eq(users.role, 'admin'),
        eq(users.status, 'active'),
        eq(users.kind, 'person'),
        ne(users.id, id),
      )
      return (await database.rows(database.select().from(users).where(other).limit(1))).length > 0
    },

    /** Changes nothing; its one row says that somebody else is an active admin. */
    requireOtherAdmin: (tx: Writer, id: string): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(
          and(
            eq(users.id, id),
            sql`EXISTS (SELECT 1 FROM ${users} AS others WHERE others.role = 'admin' AND others.status = 'active'
              AND others.kind = 'person' AND others.id <> ${id})`,
          ),
        ),

    /** Replaces the profile of an active user, unless somebody else changed the user since `version` was read. */
    updateProfile: (
      tx: Writer,
      user: Pick<User, 'id' | 'version' | 'email' | 'name' | 'picture' | 'role' | 'updatedAt'>,
    ): Statement =>
      tx
        .update(users)
        .set({
          email: user.email,
          name: user.name,
          picture: user.picture,
          role: user.role,
          updatedAt: user.updatedAt,
          version: user.version + 1,
        })
        .where(and(eq(users.id, user.id), eq(users.version, user.version), eq(users.status, 'active'))),

    /** Changes nothing; its one row says that the user is still active. */
    requireActive: (tx: Writer, id: string): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(and(eq(users.id, id), eq(users.status, 'active'))),

    /** Changes nothing; its one row says that the user is an active admin. */
    requireAdmin: (tx: Writer, id: string): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(and(eq(users.id, id), eq(users.status, 'active'), eq(users.role, 'admin'))),

    /** Changes nothing; its one row says that nobody else is known to a provider by this address. */
    requireEmailFree: (tx: Writer, id: string, email: string): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(
          and(
            eq(users.id, id),
            sql`NOT EXISTS (SELECT 1 FROM ${identities} WHERE ${identities.email} = ${email}
              AND ${identities.userId} <> ${id})`,
          ),
        ),

    /** Changes nothing; its one row says that the user is known to providers in fewer ways. */
    requireIdentitiesBelow: (tx: Writer, id: string, max: number): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(
          and(
            eq(users.id, id),
            sql`(SELECT count(*) FROM ${identities} WHERE ${identities.userId} = ${id}) < ${max}`,
          ),
        ),

    /** Changes nothing; its one row says that the user holds fewer than `max` live keys that were made in this way. */
    requireKeysBelow: (tx: Writer, id: string, through: CreatedThrough, max: number, now: Date): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(
          and(
            eq(users.id, id),
            sql`(SELECT count(*) FROM ${apiKeys} WHERE ${apiKeys.userId} = ${id} AND ${apiKeys.createdThrough} = ${through}
              AND ${apiKeys.revokedAt} IS NULL
              AND (${apiKeys.expiresAt} IS NULL OR ${apiKeys.expiresAt} > ${sql.param(now, apiKeys.expiresAt)})) < ${max}`,
          ),
        ),
  }

  function unanswered(): SQL | undefined {
    return and(
      eq(users.kind, 'service'),
      sql`NOT EXISTS (SELECT 1 FROM ${users} AS people WHERE people.id = ${users.responsibleId}
        AND people.status = 'active')`,
    )
  }

  function matches(search: string): SQL | undefined {
    const part = search.toLowerCase()
    // The databases lower ASCII only: another letter is found as it was written.
    return or(
      containsText(users.email, part),
      containsText(sql`lower(${users.name})`, part),
      containsText(sql`${users.name}`, search),
    )
  }
}

import { and, desc, eq, sql } from 'drizzle-orm'
import { type Page, type PageCursor, toPage } from '../domain/page-cursor.ts'
import { olderThan } from './paging.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { users as usersTable } from './schema.postgres.ts'

export type User = (typeof usersTable)['$inferSelect']

/** People and service accounts. */
export function createUsers(database: Database) {
  const { users, apiKeys } = database.tables
  return {
    async find(id: string): Promise<User | null> {
      const [user] = await database.rows(database.select().from(users).where(eq(users.id, id)).limit(1))
      return user ?? null
    },

    async findByEmail(email: string): Promise<User | null> {
      const [user] = await database.rows(database.select().from(users).where(eq(users.email, email)).limit(1))
      return user ?? null
    },

    async page(filter: { limit: number; after: PageCursor | null }): Promise<Page<User>> {
      const query = database.select().from(users).where(olderThan(users, filter.after))
      const ordered = query.orderBy(desc(users.createdAt), desc(users.id)).limit(filter.limit + 1)
      return toPage(await database.rows(ordered), filter.limit, (user) => ({
        at: user.createdAt,
        id: user.id,
      }))
    },

    insert: (tx: Writer, user: User): Statement => tx.insert(users).values(user),

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

    /** Changes nothing; its one row says that the user is still active. For lists that mint a key. */
    requireActive: (tx: Writer, id: string): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(and(eq(users.id, id), eq(users.status, 'active'))),

    /** Changes nothing; its one row says that the user holds fewer than `max` live keys made by sign-in. */
    requireSsoKeysBelow: (tx: Writer, id: string, max: number, now: Date): Statement =>
      tx
        .guard(users)
        .set({ version: sql`${users.version}` })
        .where(
          and(
            eq(users.id, id),
            sql`(SELECT count(*) FROM ${apiKeys} WHERE ${apiKeys.userId} = ${id} AND ${apiKeys.createdThrough} = 'sso'
              AND ${apiKeys.revokedAt} IS NULL
              AND (${apiKeys.expiresAt} IS NULL OR ${apiKeys.expiresAt} > ${sql.param(now, apiKeys.expiresAt)})) < ${max}`,
          ),
        ),
  }
}

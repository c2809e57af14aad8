import { and, asc, eq, gte, inArray, lte, sql } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'
import type { identities as identitiesTable } from './schema.postgres.ts'
import type { User } from './users.ts'

export type Identity = (typeof identitiesTable)['$inferSelect']

/** How people are known to providers. */
export function createIdentities(database: Database) {
  const { identities, users } = database.tables
  return {
    async findWithUser(issuer: string, subject: string): Promise<{ identity: Identity; user: User } | null> {
      const [row] = await database.rows(
        database
          .select({ identity: identities, user: users })
          .from(identities)
          .innerJoin(users, eq(users.id, identities.userId))
          .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject)))
          .limit(1),
      )
      return row ?? null
    },

    async ofUser(userId: string): Promise<Identity[]> {
      const query = database.select().from(identities).where(eq(identities.userId, userId))
      return database.rows(query.orderBy(asc(identities.createdAt), asc(identities.id)))
    },

    /** When each of these users signed in last; whoever never did is not in it. */
    async lastSignInsOf(userIds: readonly string[]): Promise<Map<string, Date>> {
      const latest = new Map<string, Date>()
      if (userIds.length === 0) return latest
      const query = database
        .select({ userId: identities.userId, at: identities.lastSignInAt })
        .from(identities)
        .where(inArray(identities.userId, [...userIds]))
      for (const { userId, at } of await database.rows(query)) {
        const known = latest.get(userId)
        if (known === undefined || known < at) latest.set(userId, at)
      }
      return latest
    },

    /** Of all users whose ids are in this stretch of the alphabet. */
    async ofUsersBetween(firstId: string, lastId: string): Promise<Identity[]> {
      const between = and(gte(identities.userId, firstId), lte(identities.userId, lastId))
      return database.rows(database.select().from(identities).where(between))
    },

    /** The ids of all users who are called by this address, here or by a provider. */
    async holdersOf(email: string): Promise<string[]> {
      const named = database.select({ id: users.id }).from(users).where(eq(users.email, email))
      const known = database
        .select({ id: identities.userId })
        .from(identities)
        .where(eq(identities.email, email))
      const ids = [...(await database.rows(named)), ...(await database.rows(known))].map(({ id }) => id)
      return [...new Set(ids)]
    },

    insert: (tx: Writer, identity: Identity): Statement => tx.insert(identities).values(identity),

    /** What the provider said of somebody who was refused: rules are judged by it from now on. */
    updateSeen: (tx: Writer, identity: Pick<Identity, 'id' | 'email' | 'emailVerified' | 'hd'>): Statement =>
      tx
        .update(identities)
        .set({ email: identity.email, emailVerified: identity.emailVerified, hd: identity.hd })
        .where(eq(identities.id, identity.id)),

    /** Removes an identity of a user who has another one. */
    removeIfNotLast: (tx: Writer, { id, userId }: Pick<Identity, 'id' | 'userId'>): Statement =>
      tx
        .delete(identities)
        .where(
          and(
            eq(identities.id, id),
            sql`EXISTS (SELECT 1 FROM ${identities} AS others WHERE others.user_id = ${userId} AND others.id <> ${id})`,
          ),
        ),

    removeOfUser: (tx: Writer, userId: string): Statement =>
      tx.delete(identities).where(eq(identities.userId, userId)),

    /** What the provider said at the latest sign-in. */
    updateLastSignIn: (
      tx: Writer,
      identity: Pick<Identity, 'id' | 'provider' | 'email' | 'emailVerified' | 'hd' | 'lastSignInAt'>,
    ): Statement =>
      tx
        .update(identities)
        .set({
          provider: identity.provider,
          email: identity.email,
          emailVerified: identity.emailVerified,
          hd: identity.hd,
          lastSignInAt: identity.lastSignInAt,
        })
        .where(eq(identities.id, identity.id)),
  }
}

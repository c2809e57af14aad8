import { and, asc, eq } from 'drizzle-orm'
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

    insert: (tx: Writer, identity: Identity): Statement => tx.insert(identities).values(identity),

    /** What the provider said at the latest sign-in. */
    updateLastSignIn: (
      tx: Writer,
      identity: Pick<Identity, 'id' | 'email' | 'emailVerified' | 'hd' | 'lastSignInAt'>,
    ): Statement =>
      tx
        .update(identities)
        .set({
          email: identity.email,
          emailVerified: identity.emailVerified,
          hd: identity.hd,
          lastSignInAt: identity.lastSignInAt,
        })
        .where(eq(identities.id, identity.id)),
  }
}

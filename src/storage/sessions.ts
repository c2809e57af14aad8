import { and, desc, eq, gt, lt, ne, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Identity } from './identities.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { sessions as sessionsTable } from './schema.postgres.ts'
import type { User } from './users.ts'

export type Session = (typeof sessionsTable)['$inferSelect']

const listedMax = 200

/** A session, its user, and how providers know the user: everything that a use is judged by but the rules. */
export interface SessionWithUser {
  readonly session: Session
  readonly user: User
  readonly identities: readonly Identity[]
}

/** Signed-in browsers. */
export function createSessions(database: Database) {
  const { sessions, users, identities } = database.tables
  const findBy = (column: PgColumn) => {
    const withUser = database.prepared((select) =>
      select({ session: sessions, user: users, identity: identities })
        .from(sessions)
        .innerJoin(users, eq(users.id, sessions.userId))
        .leftJoin(identities, eq(identities.userId, users.id))
        .where(eq(column, sql.placeholder('value'))),
    )
    return async (value: string): Promise<SessionWithUser | null> => {
      const rows = await withUser({ value })
      const [first] = rows
      if (first === undefined) return null
      // A left join: the type says that there is one, and there may be none.
      const known = rows.map((row): Identity | null => row.identity).filter((identity) => identity !== null)
      return { session: first.session, user: first.user, identities: known.sort(oldestFirst) }
    }
  }
  return {
    /** By the SHA-256 of the value of `__Host-keydesk`, with its user. */
    findBySecret: findBy(sessions.secretHash),

    /** The same by the value of `__Secure-keydesk-app`. */
    findByAppSecret: findBy(sessions.appSecretHash),

    /** The same by the id, which a JWT names. */
    findWithUser: findBy(sessions.id),

    /** Newest first, and no more than a user can have: those that neither age nor idleness has ended. */
    async ofUser(userId: string, now: Date, idleSince: Date): Promise<Session[]> {
      const live = and(
        eq(sessions.userId, userId),
        gt(sessions.expiresAt, now),
        gt(sessions.lastSeenAt, idleSince),
      )
      const query = database.select().from(sessions).where(live)
      return database.rows(query.orderBy(desc(sessions.createdAt), desc(sessions.id)).limit(listedMax))
    },

    insert: (tx: Writer, session: Session): Statement => tx.insert(sessions).values(session),

    /** Ends all but the newest of a user. */
    endAllBut: (tx: Writer, userId: string, kept: number): Statement =>
      tx.delete(sessions).where(
        and(
          eq(sessions.userId, userId),
          sql`${sessions.id} NOT IN (SELECT id FROM ${sessions} WHERE ${sessions.userId} = ${userId}
            ORDER BY ${sessions.createdAt} DESC, ${sessions.id} DESC LIMIT ${kept})`,
        ),
      ),

    /**
     * That the session was used. It never brings one back: a row that is gone stays gone. Nobody is told of it, though
     * sessions are remembered: it only ever makes one live longer, and who would call one idle reads it again first.
     */
    touch: (tx: Writer, id: string, at: Date): Statement =>
      tx
        .guard(sessions)
        .set({ lastSeenAt: at })
        .where(and(eq(sessions.id, id), lt(sessions.lastSeenAt, at))),

    /** Changes nothing; its one row says that nobody has ended the session. */
    require: (tx: Writer, id: string): Statement =>
      tx
        .guard(sessions)
        .set({ lastSeenAt: sql`${sessions.lastSeenAt}` })
        .where(eq(sessions.id, id)),

    end: (tx: Writer, id: string): Statement => tx.delete(sessions).where(eq(sessions.id, id)),

    /** Ends one session, if it is this user's. */
    endOneOf: (tx: Writer, userId: string, id: string): Statement =>
      tx.delete(sessions).where(and(eq(sessions.id, id), eq(sessions.userId, userId))),

    endOfUser: (tx: Writer, userId: string): Statement =>
      tx.delete(sessions).where(eq(sessions.userId, userId)),

    endAll: (tx: Writer): Statement => tx.delete(sessions).where(ne(sessions.id, '')),

    /** Forgets those whose longest life is over. */
    prune: (tx: Writer, now: Date): Statement => tx.delete(sessions).where(lt(sessions.expiresAt, now)),
  }
}

function oldestFirst(one: Identity, other: Identity): number {
  return one.createdAt.getTime() - other.createdAt.getTime() || (one.id < other.id ? -1 : 1)
}

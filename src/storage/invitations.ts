import { and, desc, eq, gt, inArray, lt, lte, or } from 'drizzle-orm'
import { type Page, type PageCursor, toPage } from '../domain/page-cursor.ts'
import { olderThan } from './paging.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { invitations as invitationsTable } from './schema.postgres.ts'

export type Invitation = (typeof invitationsTable)['$inferSelect']

/** Invitations that nobody has taken up yet. Taking one up deletes it, so it can be done once. */
export function createInvitations(database: Database) {
  const { invitations } = database.tables
  return {
    async findOpen(provider: string, email: string, now: Date): Promise<Invitation | null> {
      const open = and(
        eq(invitations.provider, provider),
        eq(invitations.email, email),
        gt(invitations.expiresAt, now),
      )
      const [invitation] = await database.rows(database.select().from(invitations).where(open).limit(1))
      return invitation ?? null
    },

    /** Whether anybody is invited with an account at this provider. */
    async anyOpen(provider: string, now: Date): Promise<boolean> {
      const open = and(eq(invitations.provider, provider), gt(invitations.expiresAt, now))
      return (await database.rows(database.select().from(invitations).where(open).limit(1))).length > 0
    },

    async find(id: string): Promise<Invitation | null> {
      const [invitation] = await database.rows(
        database.select().from(invitations).where(eq(invitations.id, id)).limit(1),
      )
      return invitation ?? null
    },

    async page(filter: { limit: number; after: PageCursor | null }): Promise<Page<Invitation>> {
      const query = database.select().from(invitations).where(olderThan(invitations, filter.after))
      const ordered = query.orderBy(desc(invitations.createdAt), desc(invitations.id)).limit(filter.limit + 1)
      return toPage(await database.rows(ordered), filter.limit, ({ createdAt, id }) => ({
        at: createdAt,
        id,
      }))
    },

    insert: (tx: Writer, invitation: Invitation): Statement => tx.insert(invitations).values(invitation),

    /** Forgets invitations that expired before this time, and with them whom they were for. */
    prune: (tx: Writer, expiredBefore: Date): Statement =>
      tx.delete(invitations).where(lt(invitations.expiresAt, expiredBefore)),

    /** Makes room for a new invitation of somebody whose last one has expired. */
    removeExpired: (tx: Writer, provider: string, email: string, now: Date): Statement =>
      tx
        .delete(invitations)
        .where(
          and(
            eq(invitations.provider, provider),
            eq(invitations.email, email),
            lte(invitations.expiresAt, now),
          ),
        ),

    /** Takes it up: one row, unless it was taken up, withdrawn or has expired. */
    take: (tx: Writer, id: string, now: Date): Statement =>
      tx.delete(invitations).where(and(eq(invitations.id, id), gt(invitations.expiresAt, now))),

    /** Whatever was meant for a user, or for these addresses. */
    removeOf: (tx: Writer, userId: string, emails: readonly string[]): Statement =>
      tx
        .delete(invitations)
        .where(
          emails.length === 0
            ? eq(invitations.userId, userId)
            : or(eq(invitations.userId, userId), inArray(invitations.email, [...emails])),
        ),

    remove: (tx: Writer, id: string): Statement => tx.delete(invitations).where(eq(invitations.id, id)),
  }
}

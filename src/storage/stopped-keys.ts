import { and, eq, inArray, isNull, lte, not, or, sql } from 'drizzle-orm'
import type { Database } from './query.ts'

/** A key that somebody who held it has revoked. */
export interface StoppedKey {
  readonly id: string
  readonly name: string
  readonly userId: string
  readonly ownerName: string | null
  readonly stoppedAt: Date
  /** From where; null where that is not known, or not any more. */
  readonly address: string | null
}

const rowsMax = 50

/** Keys that were revoked by themselves: somebody showed the text, and said no more than that. */
export function createStoppedKeys(database: Database) {
  const { apiKeys, auditDetails, auditEvents, users } = database.tables
  return {
    /**
     * Those of these users, revoked since then for this reason, in no order. An admin may give the same reason, which the
     * actor of the event tells; where the trail was pruned there is the reason alone.
     */
    async ofUsers(userIds: readonly string[], reason: string, since: Date): Promise<StoppedKey[]> {
      const revocation = and(
        eq(auditEvents.target, sql`'key:' || ${apiKeys.id}`),
        eq(auditEvents.action, 'key.revoked'),
      )
      const query = database
        .select({
          id: apiKeys.id,
          name: apiKeys.name,
          userId: apiKeys.userId,
          ownerName: users.name,
          stoppedAt: apiKeys.revokedAt,
          address: auditDetails.address,
        })
        .from(apiKeys)
        .innerJoin(users, eq(users.id, apiKeys.userId))
        .leftJoin(auditEvents, revocation)
        .leftJoin(auditDetails, eq(auditDetails.eventId, auditEvents.id))
        .where(
          and(
            inArray(apiKeys.userId, [...userIds]),
            eq(apiKeys.revokedReason, reason),
            // Written with NOT, or SQLite would go through all that was revoked since, whoever's it is.
            not(lte(apiKeys.revokedAt, since)),
            or(isNull(auditEvents.id), eq(auditEvents.actor, sql`'key:' || ${apiKeys.id}`)),
          ),
        )
        .limit(rowsMax)
      const rows = await database.rows(query)
      return rows.flatMap(({ stoppedAt, ...row }) => (stoppedAt === null ? [] : [{ ...row, stoppedAt }]))
    },
  }
}

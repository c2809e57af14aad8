import { and, desc, eq, gte, inArray, isNotNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { AuditAction, AuditEvent } from '../domain/audit-event.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { auditDetails as detailsTable, auditEvents as eventsTable } from './schema.postgres.ts'

export type AuditRow = {
  event: (typeof eventsTable)['$inferSelect']
  details: (typeof detailsTable)['$inferSelect'] | null
}

export interface AuditFilter {
  readonly action?: AuditAction | undefined
  readonly actor?: string | undefined
  readonly target?: string | undefined
  readonly since?: Date | undefined
  readonly until?: Date | undefined
  /** Only events with a smaller `seq`. */
  readonly beforeSeq?: number | undefined
  readonly limit: number
}

/** The audit trail. Events are only ever added; who and where can be blanked when a person is erased. */
export function createAudit(database: Database) {
  const { apiKeys, auditEvents, auditDetails } = database.tables
  return {
    /** The two rows of an event: its facts, and the personal details that can be erased apart. */
    record: (tx: Writer, event: AuditEvent): Statement[] => [
      tx.insert(auditEvents).values(factsOf(event)),
      tx.insert(auditDetails).values(detailsOf(event)),
    ],

    /** The same, but nothing where an event with this id is there already. */
    recordOnce: (tx: Writer, event: AuditEvent): Statement[] => [
      tx.insert(auditEvents).values(factsOf(event)).onConflictDoNothing(),
      tx.insert(auditDetails).values(detailsOf(event)).onConflictDoNothing(),
    ],

    /** Every address that events about a user hold: those of now and former ones. */
    async emailsOf(userId: string): Promise<string[]> {
      const about = and(eq(auditEvents.target, `user:${userId}`), isNotNull(auditDetails.email))
      const query = database
        .select({ email: auditDetails.email })
        .from(auditEvents)
        .innerJoin(auditDetails, eq(auditDetails.eventId, auditEvents.id))
        .where(about)
      const emails = (await database.rows(query)).map(({ email }) => email)
      return [...new Set(emails.filter((email) => email !== null))]
    },

    /**
     * Blanks from where a user came and by which address the user was named, in every event. The facts, which name nobody
     * but by id, stay; and so do the details of whoever else took part.
     */
    eraseDetails: (tx: Writer, userId: string, emails: readonly string[]): Statement[] => {
      const user = `user:${userId}`
      const keys = sql`(SELECT 'key:' || id FROM ${apiKeys} WHERE ${apiKeys.userId} = ${userId})`
      const named = emails.length === 0 ? undefined : inArray(auditDetails.email, [...emails])
      const eventsWith = (column: PgColumn) =>
        sql`${auditDetails.eventId} IN (SELECT id FROM ${auditEvents} WHERE ${column} = ${user} OR ${column} IN ${keys})`
      return [
        tx
          .update(auditDetails)
          .set({ address: null, userAgent: null })
          .where(or(eventsWith(auditEvents.actor), named && and(named, isAnonymous()))),
        tx
          .update(auditDetails)
          .set({ email: null })
          .where(or(eventsWith(auditEvents.target), named)),
      ]
    },

    /** Newest first. */
    async find(filter: AuditFilter): Promise<AuditRow[]> {
      const conditions = [
        filter.action === undefined ? undefined : eq(auditEvents.action, filter.action),
        filter.actor === undefined ? undefined : eq(auditEvents.actor, filter.actor),
        filter.target === undefined ? undefined : eq(auditEvents.target, filter.target),
        filter.since === undefined ? undefined : gte(auditEvents.at, filter.since),
        filter.until === undefined ? undefined : lt(auditEvents.at, filter.until),
        filter.beforeSeq === undefined ? undefined : lt(auditEvents.seq, filter.beforeSeq),
      ]
      const query = database
        .select({ event: auditEvents, details: auditDetails })
        .from(auditEvents)
        .leftJoin(auditDetails, eq(auditDetails.eventId, auditEvents.id))
        .where(and(...conditions))
        .orderBy(desc(auditEvents.seq))
        .limit(filter.limit)
      return database.rows(query)
    },
  }

  /** Of somebody who was not known yet: a refused sign-in is that of the address in it. */
  function isAnonymous(): SQL {
    return sql`${auditDetails.eventId} IN (SELECT id FROM ${auditEvents} WHERE ${auditEvents.actor} = 'anonymous')`
  }
}

function factsOf(event: AuditEvent) {
  const { id, at, action, actor, target, requestId } = event
  return { id, at, action, actor, target, facts: { ...event.facts }, requestId }
}

function detailsOf(event: AuditEvent) {
  return { eventId: event.id, email: event.email, address: event.address, userAgent: event.userAgent }
}

import { and, desc, eq, gte, inArray, lt, or, sql } from 'drizzle-orm'
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

    /**
     * Blanks who and where in every event that a user did, that was done to the user or the user's keys, or that holds
     * one of these addresses. The facts, which name nobody but by id, stay.
     */
    eraseDetails: (tx: Writer, userId: string, emails: readonly string[]): Statement => {
      const name = `user:${userId}`
      const keys = sql`(SELECT 'key:' || id FROM ${apiKeys} WHERE ${apiKeys.userId} = ${userId})`
      const events = sql`(SELECT id FROM ${auditEvents} WHERE ${auditEvents.actor} = ${name}
        OR ${auditEvents.target} = ${name} OR ${auditEvents.target} IN ${keys})`
      const theirs = sql`${auditDetails.eventId} IN ${events}`
      return tx
        .update(auditDetails)
        .set({ email: null, address: null, userAgent: null })
        .where(emails.length === 0 ? theirs : or(theirs, inArray(auditDetails.email, [...emails])))
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
}

function factsOf(event: AuditEvent) {
  const { id, at, action, actor, target, requestId } = event
  return { id, at, action, actor, target, facts: { ...event.facts }, requestId }
}

function detailsOf(event: AuditEvent) {
  return { eventId: event.id, email: event.email, address: event.address, userAgent: event.userAgent }
}

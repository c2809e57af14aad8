import { and, desc, eq, gte, isNotNull, lt, ne, type SQL, sql } from 'drizzle-orm'
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

/** A statement takes only so many values. */
const rowsAtOnce = 1000

/** The audit trail. Events are only ever added; who and where can be blanked when a person is erased. */
export function createAudit(database: Database) {
  const { apiKeys, auditEvents, auditDetails } = database.tables
  return {
    /** The two rows of an event: its facts, and the personal details that can be erased apart. */
    record: (tx: Writer, event: AuditEvent): Statement[] => [
      tx.insert(auditEvents).values(factsOf(event)),
      tx.insert(auditDetails).values(detailsOf(event)),
    ],

    /** The same for many events that land together. */
    recordMany: (tx: Writer, events: readonly AuditEvent[]): Statement[] =>
      Array.from({ length: Math.ceil(events.length / rowsAtOnce) }, (_, index) =>
        events.slice(index * rowsAtOnce, (index + 1) * rowsAtOnce),
      ).flatMap((some) => [
        tx.insert(auditEvents).values(some.map(factsOf)),
        tx.insert(auditDetails).values(some.map(detailsOf)),
      ]),

    /** The same, but nothing where an event with this id is there already. */
    recordOnce: (tx: Writer, event: AuditEvent): Statement[] => [
      tx.insert(auditEvents).values(factsOf(event)).onConflictDoNothing(),
      tx.insert(auditDetails).values(detailsOf(event)).onConflictDoNothing(),
    ],

    /** Every address by which a user came in: those of now and former ones, not those that were refused. */
    async emailsOf(userId: string): Promise<string[]> {
      const about = and(
        eq(auditEvents.target, `user:${userId}`),
        ne(auditEvents.action, 'sign_in.refused'),
        isNotNull(auditDetails.email),
      )
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
      const ofKeys = sql`SELECT e.id FROM ${auditEvents} AS e JOIN ${apiKeys} AS k ON e.target = 'key:' || k.id
        WHERE k.user_id = ${userId}`
      const named = sql`SELECT d.event_id FROM ${auditDetails} AS d WHERE d.email IN ${inList(emails)}`
      const namedAnonymous = sql`SELECT d.event_id FROM ${auditDetails} AS d JOIN ${auditEvents} AS e ON e.id = d.event_id
        WHERE e.actor = 'anonymous' AND d.email IN ${inList(emails)}`
      // Unions, so that each part is found by an index of its own.
      const came = sql`SELECT id FROM ${auditEvents} WHERE actor = ${user} UNION ALL ${namedAnonymous}`
      const about = sql`SELECT id FROM ${auditEvents} WHERE target = ${user} UNION ALL ${ofKeys} UNION ALL ${named}`
      return [
        tx
          .update(auditDetails)
          .set({ address: null, userAgent: null })
          .where(sql`${auditDetails.eventId} IN (${came})`),
        tx.update(auditDetails).set({ email: null }).where(sql`${auditDetails.eventId} IN (${about})`),
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
}

/** A list for IN. That of none holds what no address is. */
function inList(texts: readonly string[]): SQL {
  return sql`(${sql.join(
    (texts.length === 0 ? [''] : texts).map((text) => sql`${text}`),
    sql`, `,
  )})`
}

function factsOf(event: AuditEvent) {
  const { id, at, action, actor, target, requestId } = event
  return { id, at, action, actor, target, facts: { ...event.facts }, requestId }
}

function detailsOf(event: AuditEvent) {
  return { eventId: event.id, email: event.email, address: event.address, userAgent: event.userAgent }
}

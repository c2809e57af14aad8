import { and, asc, desc, eq, gt, gte, inArray, isNotNull, lt, lte, ne, not, type SQL, sql } from 'drizzle-orm'
import { newSalt, type Seal } from '../domain/audit-chain.ts'
import type { AuditAction, AuditEvent } from '../domain/audit-event.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { auditDetails as detailsTable, auditEvents as eventsTable } from './schema.postgres.ts'

export type AuditRow = {
  event: (typeof eventsTable)['$inferSelect']
  details: (typeof detailsTable)['$inferSelect'] | null
}

/** An event with its seal; null where it has none yet. */
export type ExportedRow = AuditRow & { seal: Seal | null }

export interface AuditConditions {
  readonly action?: AuditAction | undefined
  readonly actor?: string | undefined
  readonly target?: string | undefined
  /** By a user or a key of theirs, or done to one of them. */
  readonly userId?: string | undefined
  /** The address in the details, lower-cased. */
  readonly email?: string | undefined
  readonly since?: Date | undefined
  readonly until?: Date | undefined
}

export interface AuditFilter extends AuditConditions {
  /** Only events with a smaller `seq`. */
  readonly beforeSeq?: number | undefined
  readonly limit: number
}

/** A statement takes only so many values. */
const rowsAtOnce = 1000

/** The audit trail. Events are only ever added; who and where can be blanked when a person is erased. */
export function createAudit(database: Database) {
  const { apiKeys, auditEvents, auditDetails, auditSeals, users } = database.tables
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

    /** The same, but nothing for each whose id is there already. */
    recordOnce: (tx: Writer, ...events: AuditEvent[]): Statement[] => [
      tx.insert(auditEvents).values(events.map(factsOf)).onConflictDoNothing(),
      tx.insert(auditDetails).values(events.map(detailsOf)).onConflictDoNothing(),
    ],

    /** Blanks where these events came from whose target is a key of somebody who was erased meanwhile. */
    forgetOriginsOfErased: (tx: Writer, eventIds: string[]): Statement => {
      // From the few events on, and not from everybody who was ever erased.
      const isOfErased = sql`EXISTS (SELECT 1 FROM ${apiKeys} AS k JOIN ${users} AS u ON u.id = k.user_id
        WHERE k.id = substr(e.target, 5) AND u.status = 'erased')`
      const ofErased = sql`SELECT e.id FROM ${auditEvents} AS e WHERE ${inArray(sql`e.id`, eventIds)}
        AND e.target LIKE 'key:%' AND ${isOfErased}`
      return tx
        .update(auditDetails)
        .set({ address: null, userAgent: null, originSalt: null })
        .where(sql`${auditDetails.eventId} IN (${ofErased})`)
    },

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
      const byKeys = sql`SELECT e.id FROM ${auditEvents} AS e JOIN ${apiKeys} AS k ON e.actor = 'key:' || k.id
        WHERE k.user_id = ${userId}`
      // Unions, so that each part is found by an index of its own.
      const came = sql`SELECT id FROM ${auditEvents} WHERE actor = ${user} UNION ALL ${byKeys}
        UNION ALL ${namedAnonymous}`
      const about = sql`SELECT id FROM ${auditEvents} WHERE target = ${user} UNION ALL ${ofKeys} UNION ALL ${named}`
      return [
        tx
          .update(auditDetails)
          .set({ address: null, userAgent: null, originSalt: null })
          .where(sql`${auditDetails.eventId} IN (${came})`),
        tx
          .update(auditDetails)
          .set({ email: null, emailSalt: null })
          .where(sql`${auditDetails.eventId} IN (${about})`),
      ]
    },

    /** Newest first. */
    async find(filter: AuditFilter): Promise<AuditRow[]> {
      const { beforeSeq } = filter
      const query = database
        .select({ event: auditEvents, details: auditDetails })
        .from(auditEvents)
        .leftJoin(auditDetails, eq(auditDetails.eventId, auditEvents.id))
        .where(
          and(...conditionsOf(filter), beforeSeq === undefined ? undefined : lt(auditEvents.seq, beforeSeq)),
        )
        .orderBy(desc(auditEvents.seq))
        .limit(filter.limit)
      return database.rows(query)
    },

    /** Oldest first, with their seals. The bounds keep a query short, whatever it filters by. */
    async findForward(
      conditions: AuditConditions,
      range: { afterSeq: number; untilSeq: number; limit: number },
    ): Promise<ExportedRow[]> {
      const inRange = and(gt(auditEvents.seq, range.afterSeq), lte(auditEvents.seq, range.untilSeq))
      const query = database
        .select({ event: auditEvents, details: auditDetails, seal: auditSeals })
        .from(auditEvents)
        .leftJoin(auditDetails, eq(auditDetails.eventId, auditEvents.id))
        .leftJoin(auditSeals, eq(auditSeals.seq, auditEvents.seq))
        .where(and(inRange, ...conditionsOf(conditions)))
        .orderBy(asc(auditEvents.seq))
        .limit(range.limit)
      // Guarantee: a left join has null where there is no row.
      return database.rows(query) as Promise<ExportedRow[]>
    },

    /** The first and the last `seq` that there is; null where there is no event. */
    async bounds(): Promise<{ first: number; last: number } | null> {
      const end = async (order: SQL) =>
        (
          await database.rows(
            database.select({ seq: auditEvents.seq }).from(auditEvents).orderBy(order).limit(1),
          )
        )[0]
      const [first, last] = [await end(asc(auditEvents.seq)), await end(desc(auditEvents.seq))]
      return first === undefined || last === undefined ? null : { first: first.seq, last: last.seq }
    },
  }

  function conditionsOf(filter: AuditConditions): (SQL | undefined)[] {
    const { action, actor, target, userId, email, since, until } = filter
    return [
      action === undefined ? undefined : eq(auditEvents.action, action),
      actor === undefined ? undefined : eq(auditEvents.actor, actor),
      target === undefined ? undefined : eq(auditEvents.target, target),
      userId === undefined ? undefined : sql`${auditEvents.seq} IN (${seqsOfUser(userId)})`,
      email === undefined
        ? undefined
        : sql`${auditEvents.id} IN (SELECT d.event_id FROM ${auditDetails} AS d WHERE d.email = ${email})`,
      // Written with NOT, or SQLite would take all events of the time from an index, and sort them.
      since === undefined ? undefined : not(lt(auditEvents.at, since)),
      until === undefined ? undefined : not(gte(auditEvents.at, until)),
    ]
  }

  /** A union, so that each part is found by an index of its own. */
  function seqsOfUser(userId: string): SQL {
    const user = `user:${userId}`
    const ofKeys = (column: SQL) => sql`SELECT e.seq FROM ${apiKeys} AS k JOIN ${auditEvents} AS e
      ON ${column} = 'key:' || k.id WHERE k.user_id = ${userId}`
    return sql`SELECT seq FROM ${auditEvents} WHERE actor = ${user}
      UNION SELECT seq FROM ${auditEvents} WHERE target = ${user}
      UNION ${ofKeys(sql`e.actor`)} UNION ${ofKeys(sql`e.target`)}`
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
  const { email, address, userAgent } = event
  return {
    eventId: event.id,
    email,
    address,
    userAgent,
    // Each goes with what it is for, when that is erased.
    emailSalt: email === null ? null : newSalt(),
    originSalt: address === null && userAgent === null ? null : newSalt(),
  }
}

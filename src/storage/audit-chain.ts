import { and, asc, desc, eq, gt, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Anchor, Seal } from '../domain/audit-chain.ts'
import type { AuditRow } from './audit.ts'
import type { Database, Statement, Step, Writer } from './query.ts'

/** There is one chain, and so one anchor. */
const anchorId = 'chain'

/** The chain of seals over the audit trail, and where it begins once old events are pruned. */
export function createAuditChain(database: Database) {
  const { auditAnchors, auditDetails, auditEvents, auditSeals, keyring } = database.tables
  return {
    /** The last seal; null where nothing is sealed. */
    async head(): Promise<Seal | null> {
      const query = database.select().from(auditSeals).orderBy(desc(auditSeals.seq)).limit(1)
      return (await database.rows(query))[0] ?? null
    },

    async sealAt(seq: number): Promise<Seal | null> {
      const query = database.select().from(auditSeals).where(eq(auditSeals.seq, seq))
      return (await database.rows(query))[0] ?? null
    },

    /** The seals of these events, by the ids of the events. */
    seals: (afterSeq: number, untilSeq: number, limit: number): Promise<Seal[]> =>
      database.rows(
        database
          .select()
          .from(auditSeals)
          .where(and(gt(auditSeals.seq, afterSeq), lte(auditSeals.seq, untilSeq)))
          .orderBy(asc(auditSeals.seq))
          .limit(limit),
      ),

    /** In the order in which they were written, which is that of `seq`. */
    events: (afterSeq: number, untilSeq: number, limit: number): Promise<AuditRow[]> =>
      database.rows(
        database
          .select({ event: auditEvents, details: auditDetails })
          .from(auditEvents)
          .leftJoin(auditDetails, eq(auditDetails.eventId, auditEvents.id))
          .where(and(gt(auditEvents.seq, afterSeq), lte(auditEvents.seq, untilSeq)))
          .orderBy(asc(auditEvents.seq))
          .limit(limit),
      ),

    async countAfter(seq: number): Promise<number> {
      const query = database
        .select({ count: sql<number>`count(*)`.mapWith(Number).as('count') })
        .from(auditEvents)
        .where(gt(auditEvents.seq, seq))
      return (await database.rows(query))[0]?.count ?? 0
    },

    async anchor(): Promise<Anchor | null> {
      const [row] = await database.rows(database.select().from(auditAnchors))
      if (row === undefined) return null
      const { seq, seal, prunedAt, keyId, mac } = row
      return { seq, seal, prunedAt, keyId, mac }
    },

    /**
     * Continues the chain after `headSeq`, or changes nothing because it has grown since. Of two that write at once one
     * runs into the rows of the other; whoever comes late, after those were pruned, into the guard.
     */
    extend: (tx: Writer, headSeq: number | null, seals: Seal[]): Step[] => [
      { statement: requireHead(tx, seals[0]?.keyId ?? '', headSeq), rows: 1 },
      tx.insert(auditSeals).values(seals),
    ],

    /** Gives salts to the details of an event that was written without, unless they were erased meanwhile. */
    addSalts: (tx: Writer, eventId: string, salts: { email: string; origin: string }): Statement[] => {
      const ofEvent = eq(auditDetails.eventId, eventId)
      return [
        tx
          .update(auditDetails)
          .set({ emailSalt: salts.email })
          .where(and(ofEvent, isNotNull(auditDetails.email), isNull(auditDetails.emailSalt))),
        tx
          .update(auditDetails)
          .set({ originSalt: salts.origin })
          .where(and(ofEvent, hasOrigin(), isNull(auditDetails.originSalt))),
      ]
    },

    /** Deletes a prefix of the trail with its seals, and leaves the anchor. The seal at the head has to stay. */
    prune: (tx: Writer, before: Anchor | null, anchor: Anchor): Step[] => {
      const old = sql`(SELECT ${auditEvents.id} FROM ${auditEvents} WHERE ${auditEvents.seq} <= ${anchor.seq})`
      return [
        // A unique row where two begin at once, and a guard where they go on.
        before === null
          ? tx.insert(auditAnchors).values({ id: anchorId, ...anchor })
          : {
              statement: tx
                .update(auditAnchors)
                .set({ ...anchor })
                .where(and(eq(auditAnchors.id, anchorId), eq(auditAnchors.seq, before.seq))),
              rows: 1,
            },
        tx.delete(auditDetails).where(sql`${auditDetails.eventId} IN ${old}`),
        tx.delete(auditSeals).where(lte(auditSeals.seq, anchor.seq)),
        tx.delete(auditEvents).where(lte(auditEvents.seq, anchor.seq)),
      ]
    },
  }

  function requireHead(tx: Writer, keyId: string, headSeq: number | null): Statement {
    const head = sql`(SELECT max(${auditSeals.seq}) FROM ${auditSeals})`
    const isHead = headSeq === null ? sql`${head} IS NULL` : sql`${head} = ${headSeq}`
    return tx
      .guard(keyring)
      .set({ id: keyId })
      .where(and(eq(keyring.id, keyId), isHead))
  }

  function hasOrigin(): SQL | undefined {
    return or(isNotNull(auditDetails.address), isNotNull(auditDetails.userAgent))
  }
}

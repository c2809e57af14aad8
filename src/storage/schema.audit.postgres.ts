import { bigint, index, jsonb, pgTable, uniqueIndex } from 'drizzle-orm/pg-core'
import { instant, text } from './postgres-columns.ts'

/* The audit trail: a part of `schema.postgres.ts`. */

/** The audit trail: ids and facts, in the order of `seq`. */
export const auditEvents = pgTable(
  'audit_events',
  {
    seq: bigint('seq', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    id: text('id').notNull(),
    at: instant('at').notNull(),
    action: text('action').notNull(),
    actor: text('actor').notNull(),
    target: text('target'),
    facts: jsonb('facts').$type<Record<string, unknown>>().notNull(),
    requestId: text('request_id'),
  },
  (table) => [
    uniqueIndex('audit_events_id').on(table.id),
    index('audit_events_action').on(table.action, table.seq, table.at),
    index('audit_events_actor').on(table.actor, table.seq),
    index('audit_events_target').on(table.target, table.seq),
    index('audit_events_at').on(table.at),
  ],
)

/** What of an audit event is personal, and can be erased apart from the facts. */
export const auditDetails = pgTable(
  'audit_details',
  {
    eventId: text('event_id').primaryKey(),
    email: text('email'),
    address: text('address'),
    userAgent: text('user_agent'),
    /** Each goes with what it is for: without it nobody can guess the detail from its sealed hash. */
    emailSalt: text('email_salt'),
    originSalt: text('origin_salt'),
  },
  (table) => [index('audit_details_email').on(table.email)],
)

/** The chain: a seal for each event, over the one before it. The hashes are those of the details, with their salts. */
export const auditSeals = pgTable('audit_seals', {
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  eventId: text('event_id').notNull(),
  emailHash: text('email_hash'),
  originHash: text('origin_hash'),
  /** Which key of the keyring sealed it. */
  keyId: text('key_id').notNull(),
  seal: text('seal').notNull(),
})

/** Where the chain begins once old events are pruned: the last seal that went, under a MAC of its own. One row. */
export const auditAnchors = pgTable('audit_anchors', {
  id: text('id').primaryKey(),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  seal: text('seal').notNull(),
  prunedAt: instant('pruned_at').notNull(),
  keyId: text('key_id').notNull(),
  mac: text('mac').notNull(),
})

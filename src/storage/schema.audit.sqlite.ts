import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { instant, json } from './sqlite-columns.ts'

/* The twin of `schema.audit.postgres.ts`, and a part of `schema.sqlite.ts`. */

export const auditEvents = sqliteTable(
  'audit_events',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    id: text('id').notNull(),
    at: instant('at').notNull(),
    action: text('action').notNull(),
    actor: text('actor').notNull(),
    target: text('target'),
    facts: json('facts').$type<Record<string, unknown>>().notNull(),
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

export const auditDetails = sqliteTable(
  'audit_details',
  {
    eventId: text('event_id').primaryKey(),
    email: text('email'),
    address: text('address'),
    userAgent: text('user_agent'),
    emailSalt: text('email_salt'),
    originSalt: text('origin_salt'),
  },
  (table) => [index('audit_details_email').on(table.email)],
)

export const auditSeals = sqliteTable('audit_seals', {
  seq: integer('seq').primaryKey(),
  eventId: text('event_id').notNull(),
  emailHash: text('email_hash'),
  originHash: text('origin_hash'),
  keyId: text('key_id').notNull(),
  seal: text('seal').notNull(),
})

export const auditAnchors = sqliteTable('audit_anchors', {
  id: text('id').primaryKey(),
  seq: integer('seq').notNull(),
  seal: text('seal').notNull(),
  prunedAt: instant('pruned_at').notNull(),
  keyId: text('key_id').notNull(),
  mac: text('mac').notNull(),
})

import { bigint, index, integer, jsonb, pgTable, uniqueIndex } from 'drizzle-orm/pg-core'
import type { RateLimit } from '../domain/rate-limit.ts'
import { instant, text } from './postgres-columns.ts'
import { users } from './schema.postgres.ts'

/* API keys and their use: a part of `schema.postgres.ts`. */

export type CreatedThrough = 'sso' | 'admin' | 'self-service'

/** API keys. `secretHash` is the Argon2id hash of the key text; the text itself is never stored. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    name: text('name').notNull(),
    secretHash: text('secret_hash').notNull(),
    scopes: jsonb('scopes').$type<string[]>().notNull(),
    metadata: jsonb('metadata').$type<Record<string, unknown>>().notNull(),
    rateLimit: jsonb('rate_limit').$type<RateLimit>(),
    createdThrough: text('created_through').$type<CreatedThrough>().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    allowedAddresses: jsonb('allowed_addresses').$type<string[]>(),
    revokedReason: text('revoked_reason'),
    version: integer('version').notNull().default(1),
    /** The key in whose place this one was made; and the one that took the place of this one. */
    predecessorId: text('predecessor_id'),
    successorId: text('successor_id'),
    rotatedAt: instant('rotated_at'),
    /** How long nobody may have used this key before it retires, and when it retires at the latest. */
    quietSeconds: integer('quiet_seconds'),
    retiresAt: instant('retires_at'),
    /** When the expiry was changed last; null while it is that of the first day. */
    expirySetAt: instant('expiry_set_at'),
  },
  (table) => [
    index('api_keys_created').on(table.createdAt, table.id),
    index('api_keys_user').on(table.userId, table.createdAt, table.id),
    index('api_keys_live').on(table.revokedAt, table.expiresAt),
    index('api_keys_retiring').on(table.retiresAt),
    index('api_keys_expires').on(table.expiresAt, table.id),
  ],
)

/** How a key is used. Apart from the key: a flush of usage leaves the rows that verification judges alone. */
export const keyUsage = pgTable(
  'key_usage',
  {
    keyId: text('key_id').primaryKey(),
    lastUsedAt: instant('last_used_at').notNull(),
    requestCount: bigint('request_count', { mode: 'number' }).notNull(),
    lastAddress: text('last_address'),
    lastUserAgent: text('last_user_agent'),
  },
  (table) => [index('key_usage_last').on(table.lastUsedAt)],
)

/** Verifications of a key by hour and outcome (`valid`, or the code of the refusal). */
export const keyStats = pgTable(
  'key_stats',
  {
    keyId: text('key_id').notNull(),
    hour: instant('hour').notNull(),
    outcome: text('outcome').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
  },
  (table) => [
    uniqueIndex('key_stats_key_hour').on(table.keyId, table.hour, table.outcome),
    index('key_stats_hour').on(table.hour),
  ],
)

/** The same of all keys together, and of texts that are no key: for overviews. */
export const verificationStats = pgTable(
  'verification_stats',
  {
    hour: instant('hour').notNull(),
    outcome: text('outcome').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
  },
  (table) => [uniqueIndex('verification_stats_hour').on(table.hour, table.outcome)],
)

/** The last refusals of a key whose secret was proven: five a key. */
export const keyRefusals = pgTable(
  'key_refusals',
  {
    id: text('id').primaryKey(),
    keyId: text('key_id').notNull(),
    at: instant('at').notNull(),
    reason: text('reason').notNull(),
    address: text('address'),
    userAgent: text('user_agent'),
  },
  (table) => [index('key_refusals_key').on(table.keyId, table.at), index('key_refusals_at').on(table.at)],
)

/** Requests that make a key, by the name that the caller gave them: the same again within a day makes none. */
export const idempotencyRecords = pgTable(
  'idempotency_records',
  {
    id: text('id').primaryKey(),
    bodyHash: text('body_hash').notNull(),
    keyId: text('key_id').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('idempotency_records_created').on(table.createdAt)],
)

import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { RateLimit } from '../domain/rate-limit.ts'
import type { CreatedThrough } from './schema.keys.postgres.ts'
import { users } from './schema.sqlite.ts'
import { instant, json } from './sqlite-columns.ts'

/* The twin of `schema.keys.postgres.ts`, and a part of `schema.sqlite.ts`. */

export const apiKeys = sqliteTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    name: text('name').notNull(),
    secretHash: text('secret_hash').notNull(),
    scopes: json('scopes').$type<string[]>().notNull(),
    metadata: json('metadata').$type<Record<string, unknown>>().notNull(),
    rateLimit: json('rate_limit').$type<RateLimit>(),
    createdThrough: text('created_through').$type<CreatedThrough>().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    allowedAddresses: json('allowed_addresses').$type<string[]>(),
    revokedReason: text('revoked_reason'),
    version: integer('version').notNull().default(1),
    predecessorId: text('predecessor_id'),
    successorId: text('successor_id'),
    rotatedAt: instant('rotated_at'),
    quietSeconds: integer('quiet_seconds'),
    retiresAt: instant('retires_at'),
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

export const keyUsage = sqliteTable(
  'key_usage',
  {
    keyId: text('key_id').primaryKey(),
    lastUsedAt: instant('last_used_at').notNull(),
    requestCount: integer('request_count').notNull(),
    lastAddress: text('last_address'),
    lastUserAgent: text('last_user_agent'),
  },
  (table) => [index('key_usage_last').on(table.lastUsedAt)],
)

export const keyStats = sqliteTable(
  'key_stats',
  {
    keyId: text('key_id').notNull(),
    hour: instant('hour').notNull(),
    outcome: text('outcome').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [
    uniqueIndex('key_stats_key_hour').on(table.keyId, table.hour, table.outcome),
    index('key_stats_hour').on(table.hour),
  ],
)

export const verificationStats = sqliteTable(
  'verification_stats',
  {
    hour: instant('hour').notNull(),
    outcome: text('outcome').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [uniqueIndex('verification_stats_hour').on(table.hour, table.outcome)],
)

export const keyRefusals = sqliteTable(
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

export const idempotencyRecords = sqliteTable(
  'idempotency_records',
  {
    id: text('id').primaryKey(),
    bodyHash: text('body_hash').notNull(),
    keyId: text('key_id').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('idempotency_records_created').on(table.createdAt)],
)

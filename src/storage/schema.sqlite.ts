import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { AccessRuleKind } from '../domain/access-policy.ts'
import type { ProofMethod } from '../domain/app-policy.ts'
import type { KeyringPurpose, UserStatus } from './schema.postgres.ts'
import { boolean, instant, json } from './sqlite-columns.ts'

/* The twin of `schema.postgres.ts`: same tables, columns and indexes; see there for what each is for. */

export * from './schema.audit.sqlite.ts'
export * from './schema.keys.sqlite.ts'

export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<'person' | 'service'>().notNull(),
    email: text('email'),
    name: text('name'),
    picture: text('picture'),
    role: text('role').$type<'member' | 'admin'>().notNull(),
    groups: json('groups').$type<string[]>().notNull(),
    status: text('status').$type<UserStatus>().notNull(),
    scopeLimit: json('scope_limit').$type<string[]>(),
    version: integer('version').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    responsibleId: text('responsible_id'),
  },
  (table) => [
    uniqueIndex('users_email').on(table.email),
    index('users_created').on(table.createdAt, table.id),
    index('users_responsible').on(table.responsibleId),
    index('users_kind').on(table.kind, table.createdAt, table.id),
  ],
)

export const identities = sqliteTable(
  'identities',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    provider: text('provider').notNull(),
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    email: text('email').notNull(),
    emailVerified: boolean('email_verified').notNull(),
    hd: text('hd'),
    createdAt: instant('created_at').notNull(),
    lastSignInAt: instant('last_sign_in_at').notNull(),
  },
  (table) => [
    uniqueIndex('identities_subject').on(table.issuer, table.subject),
    index('identities_user').on(table.userId),
    index('identities_email').on(table.email),
  ],
)

export const accessRules = sqliteTable(
  'access_rules',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<AccessRuleKind>().notNull(),
    provider: text('provider').notNull(),
    value: text('value').notNull(),
    note: text('note'),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('access_rules_rule').on(table.kind, table.provider, table.value),
    index('access_rules_created').on(table.createdAt, table.id),
  ],
)

export const allowlistCopies = sqliteTable('allowlist_copies', {
  id: text('id').primaryKey(),
  urlHash: text('url_hash').notNull(),
  domains: json('domains').$type<string[]>().notNull(),
  emails: json('emails').$type<string[]>().notNull(),
  etag: text('etag'),
  lastModified: text('last_modified'),
  fetchedAt: instant('fetched_at').notNull(),
})

export const invitations = sqliteTable(
  'invitations',
  {
    id: text('id').primaryKey(),
    provider: text('provider').notNull(),
    email: text('email').notNull(),
    role: text('role').$type<'member' | 'admin'>().notNull(),
    groups: json('groups').$type<string[]>().notNull(),
    userId: text('user_id').references(() => users.id),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    uniqueIndex('invitations_email').on(table.provider, table.email),
    index('invitations_created').on(table.createdAt, table.id),
    index('invitations_user').on(table.userId),
  ],
)

export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    provider: text('provider').notNull(),
    secretHash: text('secret_hash').notNull(),
    appSecretHash: text('app_secret_hash'),
    address: text('address'),
    userAgent: text('user_agent'),
    createdAt: instant('created_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    uniqueIndex('sessions_secret').on(table.secretHash),
    uniqueIndex('sessions_app_secret').on(table.appSecretHash),
    index('sessions_user').on(table.userId, table.createdAt, table.id),
    index('sessions_expires').on(table.expiresAt),
  ],
)

export const usedAttempts = sqliteTable(
  'used_attempts',
  {
    nonceHash: text('nonce_hash').primaryKey(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('used_attempts_expires').on(table.expiresAt)],
)

export const apps = sqliteTable(
  'apps',
  {
    id: text('id').primaryKey(),
    host: text('host').notNull(),
    pathPrefixes: json('path_prefixes').$type<string[]>().notNull(),
    groups: json('groups').$type<string[]>().notNull(),
    roles: json('roles').$type<('member' | 'admin')[]>().notNull(),
    scopes: json('scopes').$type<string[]>().notNull(),
    methods: json('methods').$type<ProofMethod[]>().notNull(),
    note: text('note'),
    version: integer('version').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [index('apps_host').on(table.host), index('apps_created').on(table.createdAt, table.id)],
)

export const authCodes = sqliteTable(
  'auth_codes',
  {
    codeHash: text('code_hash').primaryKey(),
    sessionId: text('session_id').notNull(),
    origin: text('origin').notNull(),
    codeChallenge: text('code_challenge').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('auth_codes_expires').on(table.expiresAt)],
)

export const keyring = sqliteTable('keyring', {
  id: text('id').primaryKey(),
  purpose: text('purpose').$type<KeyringPurpose>().notNull(),
  wrapped: text('wrapped').notNull(),
  createdAt: instant('created_at').notNull(),
})

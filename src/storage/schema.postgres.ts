import { boolean, index, integer, jsonb, pgTable, uniqueIndex } from 'drizzle-orm/pg-core'
import type { AccessRuleKind } from '../domain/access-policy.ts'
import type { ProofMethod } from '../domain/app-policy.ts'
import { instant, text } from './postgres-columns.ts'

/*
 * The canonical schema: its row types are the ones the code knows. `schema.sqlite.ts` has the same tables, columns and
 * indexes, and a test holds the two equal. Four kinds of column: text, instant, boolean, JSON; and whole numbers where
 * something is counted.
 */

export * from './schema.audit.postgres.ts'
export * from './schema.keys.postgres.ts'

/** Whoever was erased keeps an id, so that the audit trail and revoked keys can name one; nothing else of them is left. */
export type UserStatus = 'active' | 'disabled' | 'erased'

/** People and service accounts: the owners of keys. */
export const users = pgTable(
  'users',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<'person' | 'service'>().notNull(),
    email: text('email'),
    name: text('name'),
    picture: text('picture'),
    role: text('role').$type<'member' | 'admin'>().notNull(),
    groups: jsonb('groups').$type<string[]>().notNull(),
    status: text('status').$type<UserStatus>().notNull(),
    scopeLimit: jsonb('scope_limit').$type<string[]>(),
    version: integer('version').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    /** The person who answers for a service account. */
    responsibleId: text('responsible_id'),
  },
  (table) => [
    uniqueIndex('users_email').on(table.email),
    index('users_created').on(table.createdAt, table.id),
    index('users_responsible').on(table.responsibleId),
    index('users_kind').on(table.kind, table.createdAt, table.id),
  ],
)

/** How a person is known: by (issuer, subject), never by email. */
export const identities = pgTable(
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

/** Who may come in, as admins wrote it. Rules of the settings are not here. */
export const accessRules = pgTable(
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

/** The last good copy of the list at ALLOWLIST_URL: one row. */
export const allowlistCopies = pgTable('allowlist_copies', {
  id: text('id').primaryKey(),
  urlHash: text('url_hash').notNull(),
  domains: jsonb('domains').$type<string[]>().notNull(),
  emails: jsonb('emails').$type<string[]>().notNull(),
  etag: text('etag'),
  lastModified: text('last_modified'),
  fetchedAt: instant('fetched_at').notNull(),
})

/** People whom an admin has asked in: each for the first verified sign-in with exactly that address. */
export const invitations = pgTable(
  'invitations',
  {
    id: text('id').primaryKey(),
    provider: text('provider').notNull(),
    email: text('email').notNull(),
    role: text('role').$type<'member' | 'admin'>().notNull(),
    groups: jsonb('groups').$type<string[]>().notNull(),
    /** Set where an admin approved that this identity joins a user who is here already. */
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

/** Signed-in browsers. Of the two cookie values only the SHA-256 is here. */
export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    provider: text('provider').notNull(),
    secretHash: text('secret_hash').notNull(),
    /** Of the value for apps on sibling subdomains; null where there is none. */
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

/** SHA-256 of the nonce of every sign-in attempt whose callback came, so that none is used twice. Pruned after the TTL. */
export const usedAttempts = pgTable(
  'used_attempts',
  {
    nonceHash: text('nonce_hash').primaryKey(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('used_attempts_expires').on(table.expiresAt)],
)

/** What admins wrote about the apps behind the proxies: who may reach which host, and how they prove who they are. */
export const apps = pgTable(
  'apps',
  {
    id: text('id').primaryKey(),
    host: text('host').notNull(),
    pathPrefixes: jsonb('path_prefixes').$type<string[]>().notNull(),
    groups: jsonb('groups').$type<string[]>().notNull(),
    roles: jsonb('roles').$type<('member' | 'admin')[]>().notNull(),
    scopes: jsonb('scopes').$type<string[]>().notNull(),
    methods: jsonb('methods').$type<ProofMethod[]>().notNull(),
    note: text('note'),
    version: integer('version').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [index('apps_host').on(table.host), index('apps_created').on(table.createdAt, table.id)],
)

/** One-time codes for apps that share no cookie domain. Only the SHA-256 of a code is here, and nothing once it is taken. */
export const authCodes = pgTable(
  'auth_codes',
  {
    codeHash: text('code_hash').primaryKey(),
    sessionId: text('session_id').notNull(),
    /** Of the URL that the code was sent to: nobody else can exchange it. */
    origin: text('origin').notNull(),
    codeChallenge: text('code_challenge').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('auth_codes_expires').on(table.expiresAt)],
)

/** Tag keys make the tags of key texts; audit keys seal the trail; JWT keys sign. */
export type KeyringPurpose = 'tag' | 'audit' | 'jwt'

/** Keydesk's own keys, wrapped under the master key. */
export const keyring = pgTable('keyring', {
  id: text('id').primaryKey(),
  purpose: text('purpose').$type<KeyringPurpose>().notNull(),
  wrapped: text('wrapped').notNull(),
  createdAt: instant('created_at').notNull(),
})

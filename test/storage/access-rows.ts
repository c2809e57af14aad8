import { randomText } from '../../src/domain/random-text.ts'
import type { AllowlistCopy, StoredAccessRule } from '../../src/storage/access-rules.ts'
import type { App } from '../../src/storage/apps.ts'
import type { AuthCode } from '../../src/storage/auth-codes.ts'
import type { Invitation } from '../../src/storage/invitations.ts'
import type { Session } from '../../src/storage/sessions.ts'
import type { User } from '../../src/storage/users.ts'
import { baseTime, plusMs } from './engines.ts'

export function accessRuleRow(change: Partial<StoredAccessRule> = {}): StoredAccessRule {
  return {
    id: `rul_${randomText(16)}`,
    kind: 'allow_email',
    provider: 'google',
    value: `${randomText(12).toLowerCase()}@corp.com`,
    note: null,
    createdBy: 'master_key',
    createdAt: baseTime,
    ...change,
  }
}

export function allowlistCopyRow(change: Partial<AllowlistCopy> = {}): AllowlistCopy {
  return {
    id: 'allowlist',
    urlHash: 'hash-of-a-url',
    domains: ['google corp.com', 'okta xn--mller-kva.de'],
    emails: [],
    etag: '"v1"',
    lastModified: null,
    fetchedAt: baseTime,
    ...change,
  }
}

export function invitationRow(change: Partial<Invitation> = {}): Invitation {
  return {
    id: `inv_${randomText(16)}`,
    provider: 'google',
    email: `${randomText(12).toLowerCase()}@corp.com`,
    role: 'member',
    groups: ['ops'],
    userId: null,
    createdBy: 'master_key',
    createdAt: baseTime,
    expiresAt: plusMs(1000),
    ...change,
  }
}

export function sessionRow(user: User, change: Partial<Session> = {}): Session {
  return {
    id: `ses_${randomText(16)}`,
    userId: user.id,
    provider: 'google',
    secretHash: randomText(43),
    appSecretHash: randomText(43),
    address: '192.0.2.7',
    userAgent: 'ünï/1',
    createdAt: baseTime,
    lastSeenAt: baseTime,
    expiresAt: plusMs(10_000),
    ...change,
  }
}

export function appRow(change: Partial<App> = {}): App {
  return {
    id: `app_${randomText(16)}`,
    host: `${randomText(12).toLowerCase()}.corp.com`,
    pathPrefixes: ['/a', '/caf%C3%A9'],
    groups: ['ops'],
    roles: [],
    scopes: ['b.x', 'a'],
    methods: ['session', 'key', 'jwt'],
    note: null,
    version: 1,
    createdBy: 'master_key',
    createdAt: baseTime,
    updatedAt: baseTime,
    ...change,
  }
}

export function authCodeRow(change: Partial<AuthCode> = {}): AuthCode {
  return {
    codeHash: randomText(43),
    sessionId: `ses_${randomText(16)}`,
    origin: 'https://app.corp.com',
    codeChallenge: randomText(43),
    expiresAt: plusMs(10_000),
    ...change,
  }
}

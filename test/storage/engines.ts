import { auditEvent } from '../../src/domain/audit-event.ts'
import { randomText } from '../../src/domain/random-text.ts'
import type { Identity } from '../../src/storage/identities.ts'
import type { ApiKey } from '../../src/storage/keys.ts'
import type { Statement, Writer } from '../../src/storage/query.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import type { User } from '../../src/storage/users.ts'
import { testedVersions } from '../support/postgres-programs.ts'
import { createSqliteTestDatabase } from '../support/sqlite-test-database.ts'
import { createMigratedTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'

/** The engines that the contract suite runs on, each a real one: of Postgres the newest and the oldest server. */
export const engines: readonly { readonly name: string; create(): Promise<TestDatabase> }[] = [
  { name: 'SQLite', create: async () => createSqliteTestDatabase() },
  ...testedVersions.map((version) => ({
    name: `Postgres ${version}`,
    create: () => createMigratedTestDatabaseOn(version),
  })),
]

/** The storage of a fresh database, and what takes both away. */
export async function freshStorage(engine: (typeof engines)[number]) {
  const database = await engine.create()
  // Patient: a busy machine is not what is tested.
  const storage = await openStorage(database.url, { connectMs: 5000, statementMs: 5000 })
  return {
    storage,
    url: database.url,
    end: async () => {
      await storage.close()
      await database.drop()
    },
  }
}

export const baseTime = new Date('2027-03-01T10:00:00.123Z')
export const plusMs = (ms: number) => new Date(baseTime.getTime() + ms)

export function userRow(change: Partial<User> = {}): User {
  const id = `usr_${randomText(16)}`
  return {
    id,
    kind: 'person',
    email: `${id.toLowerCase()}@corp.com`,
    name: 'Ada ünïcødé 🔑',
    picture: null,
    role: 'member',
    groups: [],
    status: 'active',
    scopeLimit: null,
    version: 1,
    responsibleId: null,
    createdAt: baseTime,
    updatedAt: baseTime,
    ...change,
  }
}

export function identityRow(user: User, change: Partial<Identity> = {}): Identity {
  return {
    id: `idn_${randomText(16)}`,
    userId: user.id,
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: randomText(21),
    email: user.email ?? 'none@corp.com',
    emailVerified: true,
    hd: null,
    createdAt: baseTime,
    lastSignInAt: baseTime,
    ...change,
  }
}

/** Columns that may be null are left out: what they mean is tested where they are used. */
export function keyRow(user: User, change: Partial<ApiKey> = {}): ApiKey {
  const row = {
    id: randomText(12),
    userId: user.id,
    name: 'sso',
    secretHash: '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA',
    scopes: [],
    metadata: {},
    createdThrough: 'sso',
    createdBy: `user:${user.id}`,
    createdAt: baseTime,
    expiresAt: null,
    revokedAt: null,
    version: 1,
    ...change,
  }
  return row as ApiKey
}

export const eventRow = (change: Partial<Parameters<typeof auditEvent>[0]> = {}) =>
  auditEvent({ at: baseTime, action: 'key.minted', actor: 'system', ...change })

/** Carries out statements that must land. */
export async function land(storage: Storage, list: (tx: Writer) => readonly Statement[]): Promise<void> {
  if (!(await storage.atomically(list))) throw new Error('the list did not land')
}

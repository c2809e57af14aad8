import { randomBytes } from 'node:crypto'
import { composeJwts } from '../../src/compose-jwts.ts'
import type { AuditAction } from '../../src/domain/audit-event.ts'
import { createAccess } from '../../src/services/access-policies.ts'
import { createFindSession } from '../../src/services/find-session.ts'
import type { Holder } from '../../src/services/holder.ts'
import { createJudgeKeyUse } from '../../src/services/judge-key-use.ts'
import type { JwtServices } from '../../src/services/jwt-services.ts'
import { createLimitRate } from '../../src/services/limit-rate.ts'
import { createMetrics } from '../../src/services/metrics.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { createFindOwnerRights } from '../../src/services/owner-rights.ts'
import { createRecordUsage, type RecordUsage } from '../../src/services/record-usage.ts'
import type { ApiKey } from '../../src/storage/keys.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import type { User } from '../../src/storage/users.ts'
import { sessionRow } from '../storage/access-rows.ts'
import { baseTime, identityRow, keyRow, land, userRow } from '../storage/engines.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

export const issuer = 'https://keys.corp.com'
export const audience = 'https://app.corp.com'
export const ttlSeconds = 300
export const idleSecondsMax = 1800

interface ReplicaOptions {
  readonly jwtAlg?: 'ES256' | 'RS256'
  readonly wrapKey?: Uint8Array
  readonly previousWrapKey?: Uint8Array | null
}

/** What signs and checks JWTs in one process. */
export interface Replica extends JwtServices {
  readonly storage: Storage
  readonly usage: RecordUsage
  keepSigningKeys(): Promise<void>
}

export type JwtContext = Awaited<ReturnType<typeof startJwts>>

/** A database, a clock that a test moves, and as many replicas on it as it starts. */
export async function startJwts() {
  const database: TestDatabase = await createTestDatabase()
  const opened: Storage[] = []
  const firstWrapKey = randomBytes(32)
  let clock = baseTime
  const now = () => clock

  async function replica(options: ReplicaOptions = {}): Promise<Replica> {
    const { jwtAlg = 'ES256', wrapKey = firstWrapKey, previousWrapKey = null } = options
    const storage = await openStorage(database.url, { connectMs: 5000, statementMs: 5000 })
    opened.push(storage)
    const settled = { rules: [], admins: [], isOpenWithoutRules: true, issuers: null }
    const access = createAccess({ storage, settled, allowlist: null, now })
    const usage = createRecordUsage({ storage })
    const judgeKeyUse = createJudgeKeyUse({
      storage,
      access,
      ownerRights: createFindOwnerRights(null),
      limitRate: createLimitRate(),
      defaultRateLimit: null,
      usage,
      metrics: createMetrics(),
      now,
    })
    const config = {
      jwtAlg,
      jwtTtl: ttlSeconds,
      jwtAudiences: [audience],
      jwtKeyAgeMax: 90 * 86_400,
      authBaseUrl: issuer,
      verifiedKeysMax: 100,
    }
    const findSession = createFindSession({ storage, access, idleSecondsMax, now })
    const jwts = composeJwts({
      // Guarantee: these are the settings that it reads.
      config: config as Parameters<typeof composeJwts>[0]['config'],
      storage,
      wrapKey,
      previousWrapKey,
      judgeKeyUse,
      findSession,
      now,
    })
    await openKeyring({ storage, wrapKey, previousWrapKey, now })
    await jwts.keepSigningKeys()
    return { ...jwts, storage, usage }
  }

  return {
    database,
    firstWrapKey,
    now,
    replica,
    pass(seconds: number) {
      clock = new Date(clock.getTime() + seconds * 1000)
    },
    trail: async ({ storage }: Replica, action: AuditAction) =>
      (await storage.audit.find({ action, limit: 50 })).map(({ event }) => event),
    async addKey({ storage }: Replica, change: Partial<ApiKey> = {}, ofUser: Partial<User> = {}) {
      const owner = userRow(ofUser)
      const key = keyRow(owner, { scopes: ['reports:read', 'reports:write'], ...change })
      await land(storage, (tx) => [
        storage.users.insert(tx, owner),
        storage.identities.insert(tx, identityRow(owner)),
        storage.keys.insert(tx, key),
      ])
      return holderOfKey(storage, key.id)
    },
    async addSession(
      { storage }: Replica,
      ofUser: Partial<User> = {},
    ): Promise<Holder & { kind: 'session' }> {
      const user = userRow(ofUser)
      const session = sessionRow(user, {
        createdAt: clock,
        lastSeenAt: clock,
        expiresAt: new Date(clock.getTime() + 86_400_000),
      })
      await land(storage, (tx) => [
        storage.users.insert(tx, user),
        storage.identities.insert(tx, identityRow(user)),
        storage.sessions.insert(tx, session),
      ])
      return { kind: 'session', session, user }
    },
    async close() {
      for (const storage of opened) await storage.close()
      await database.drop()
    },
  }
}

async function holderOfKey(storage: Storage, keyId: string): Promise<Holder & { kind: 'key' }> {
  const record = await storage.keys.findWithOwner(keyId)
  if (record === null) throw new Error('there is no such key')
  return { kind: 'key', record }
}

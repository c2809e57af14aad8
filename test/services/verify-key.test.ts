import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAccess } from '../../src/services/access-policies.ts'
import { createSecretHasher } from '../../src/services/hash-secret.ts'
import { createJudgeKeyUse } from '../../src/services/judge-key-use.ts'
import { createKeyMemory } from '../../src/services/key-memory.ts'
import { createLimitRate } from '../../src/services/limit-rate.ts'
import { createMakeKey } from '../../src/services/make-key.ts'
import { createMetrics } from '../../src/services/metrics.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { createFindOwnerRights } from '../../src/services/owner-rights.ts'
import { createRecordUsage } from '../../src/services/record-usage.ts'
import { createVerifyKey, type VerifyKey } from '../../src/services/verify-key.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { createStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, identityRow, keyRow, land, userRow } from '../storage/engines.ts'
import { notingDatabase } from '../storage/explained-queries.ts'
import type { TestDatabase } from '../support/test-database.ts'

const atOnce = 500

describe.each(engines)(`${atOnce} verifications of one key at once, on $name`, (engine) => {
  let database: TestDatabase
  let storage: Storage
  let asked: readonly { readonly sql: string }[]
  let startVerifyKey: () => VerifyKey
  let mint: () => Promise<{ id: string; keyText: string }>
  const user = userRow()
  const now = () => baseTime

  beforeAll(async () => {
    database = await engine.create()
    const noting = notingDatabase(await openDatabase(database.url, { connectMs: 5000, statementMs: 5000 }))
    storage = createStorage(noting.database)
    asked = noting.asked
    const metrics = createMetrics()
    const keyring = await openKeyring({ storage, wrapKey: randomBytes(32), previousWrapKey: null, now })
    const limits = { memoryKib: 64, timeCost: 1, parallelism: 1, concurrency: 1 }
    const hasher = createSecretHasher({ ...limits, waitingMax: 1, waitSecondsMax: 10, metrics })
    const settled = { rules: [], admins: [], isOpenWithoutRules: true, issuers: null }
    const judgeKeyUse = createJudgeKeyUse({
      storage,
      access: createAccess({ storage, settled, allowlist: null, now }),
      ownerRights: createFindOwnerRights(null),
      limitRate: createLimitRate(),
      defaultRateLimit: null,
      usage: createRecordUsage({ storage }),
      metrics,
      now,
    })
    startVerifyKey = () =>
      createVerifyKey({ storage, judgeKeyUse, keyring, hasher, memory: createKeyMemory(100), metrics })
    const makeKey = createMakeKey({ keyring, hasher, prefix: 'kd' })
    mint = async () => {
      const { id, text, secretHash } = await makeKey()
      await land(storage, (tx) => [storage.keys.insert(tx, keyRow(user, { id, secretHash }))])
      // Who hears of it later reads once more, which is right, and would be counted.
      await storage.confirmChanges()
      return { id, keyText: text }
    }
    await land(storage, (tx) => [
      storage.users.insert(tx, user),
      storage.identities.insert(tx, identityRow(user)),
    ])
  })
  afterAll(async () => {
    await storage.close()
    await database.drop()
  })

  const verifyAtOnce = async (verifyKey: VerifyKey, keyText: string) => {
    const question = { keyText, scopes: [], groups: [], address: null, userAgent: undefined }
    const verifications = Array.from({ length: atOnce }, () => verifyKey(question))
    return new Set((await Promise.all(verifications)).map(({ outcome }) => outcome))
  }
  const keyReadings = () => asked.filter(({ sql }) => sql.includes('secret_hash')).length

  test('read one that the process has not seen yet twice at most', async () => {
    const { keyText } = await mint()
    const verifyKey = startVerifyKey()
    const before = keyReadings()
    expect(await verifyAtOnce(verifyKey, keyText)).toEqual(new Set(['valid']))
    expect(keyReadings() - before).toBeLessThanOrEqual(2)
  })

  test('read one that has just been revoked twice at most, and none passes', async () => {
    const { id, keyText } = await mint()
    const verifyKey = startVerifyKey()
    await verifyAtOnce(verifyKey, keyText)
    const before = keyReadings()
    await land(storage, (tx) => [storage.keys.revoke(tx, id, baseTime)])
    await storage.confirmChanges()
    expect(await verifyAtOnce(verifyKey, keyText)).toEqual(new Set(['revoked_key']))
    expect(keyReadings() - before).toBeLessThanOrEqual(2)
  })

  test('that began before a revocation lend their reading to none that began after it', async () => {
    const verifyKey = startVerifyKey()
    for (let round = 0; round < 10; round += 1) {
      const { id, keyText } = await mint()
      const early = verifyAtOnce(verifyKey, keyText)
      await land(storage, (tx) => [storage.keys.revoke(tx, id, baseTime)])
      expect(await verifyAtOnce(verifyKey, keyText)).toEqual(new Set(['revoked_key']))
      for (const outcome of await early) expect(['valid', 'revoked_key']).toContain(outcome)
    }
  })
})

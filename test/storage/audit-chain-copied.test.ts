import { afterAll, beforeAll, expect, test } from 'vitest'
import { deriveKeys } from '../../src/domain/derived-keys.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { createPruneAudit } from '../../src/services/prune-audit.ts'
import { createSealAudit } from '../../src/services/seal-audit.ts'
import { createVerifyAudit } from '../../src/services/verify-audit.ts'
import { copyToPostgres } from '../../src/storage/copy-to-postgres.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'
import { change, type FilledSource, fillSource } from './filled-source.ts'

let source: FilledSource
let target: TestDatabase
let file: string
let url: string
beforeAll(async () => {
  source = await fillSource(200)
  target = await createTestDatabaseOn(18)
  ;({ file, url } = source.fresh())
})
afterAll(async () => {
  await target?.drop()
  source?.remove()
})

async function on<Result>(databaseUrl: string, work: (parts: Parts) => Promise<Result>): Promise<Result> {
  const storage = await openStorage(databaseUrl, { connectMs: 5000, statementMs: 5000 })
  const now = () => new Date()
  const wrapKey = deriveKeys(source.masterKey).keyring
  const { auditKeys } = await openKeyring({ storage, wrapKey, previousWrapKey: null, now })
  try {
    return await work({ storage, auditKeys, now })
  } finally {
    await storage.close()
  }
}
interface Parts {
  storage: Storage
  auditKeys: Awaited<ReturnType<typeof openKeyring>>['auditKeys']
  now: () => Date
}
const verify = (databaseUrl: string) => on(databaseUrl, (parts) => createVerifyAudit(parts)())

test('a trail that was sealed on SQLite proves the same on Postgres, and goes on there', async () => {
  const before = await verify(url)
  expect(before.sealed).toBeGreaterThan(200)
  expect(before.prunedBefore).not.toBeNull()
  await copyToPostgres(url, target.url)
  expect(await verify(target.url)).toEqual(before)
  expect(before.firstBreak).toBeNull()
})

test('a trail that was changed in the file is as changed in the copy', async () => {
  const own = source.fresh()
  change(
    own.file,
    "UPDATE audit_events SET actor = 'user:usr_x' WHERE seq = (SELECT max(seq) - 5 FROM audit_events)",
  )
  const other = await createTestDatabaseOn(18)
  await copyToPostgres(own.url, other.url)
  const { firstBreak } = await verify(other.url)
  expect(firstBreak?.problem).toBe('seal_wrong')
  expect(firstBreak).toEqual((await verify(own.url)).firstBreak)
  await other.drop()
})

test('a copy can be repeated after the file has pruned what the copy still holds', async () => {
  await on(url, async (parts) => {
    const later = () => new Date(Date.now() + 1000 * 86_400_000)
    expect(await createPruneAudit({ ...parts, retentionSeconds: 86_400, now: later })()).toBeGreaterThan(100)
    await createSealAudit(parts)()
  })
  change(file, 'UPDATE audit_anchors SET id = id')
  await copyToPostgres(url, target.url)
  const after = await verify(target.url)
  expect(after).toMatchObject({ firstBreak: null })
  expect(after).toEqual(await verify(url))
})

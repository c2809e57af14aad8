import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deriveKeys } from '../../src/domain/derived-keys.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { copyToPostgres } from '../../src/storage/copy-to-postgres.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { idOf } from '../support/desk.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'
import { eventRow, land } from './engines.ts'
import { change, type FilledSource, fillSource, stateOf } from './filled-source.ts'

let source: FilledSource
let target: TestDatabase
let file: string
let url: string
beforeAll(async () => {
  source = await fillSource(200)
})
afterAll(() => source?.remove())
beforeEach(async () => {
  target = await createTestDatabaseOn(18)
  ;({ file, url } = source.fresh())
  return () => target.drop()
})

async function expectRefused(because: RegExp): Promise<void> {
  const before = await stateOf(target)
  await expect(copyToPostgres(url, target.url)).rejects.toThrow(because)
  expect(await stateOf(target)).toBe(before)
}

async function onTarget(work: (storage: Awaited<ReturnType<typeof openStorage>>) => Promise<unknown>) {
  const storage = await openStorage(target.url)
  await work(storage)
  await storage.close()
}

describe('a Postgres that was used on its own is left alone', () => {
  test.each<[string, string, RegExp]>([
    [
      'a user',
      `INSERT INTO users SELECT 'usr_only_there', kind, NULL, name, picture, role, groups, status, scope_limit, version, created_at, updated_at FROM users LIMIT 1`,
      /user usr_only_there/,
    ],
    [
      'a key',
      `INSERT INTO api_keys SELECT 'onlyThere', user_id, name, secret_hash, scopes, metadata, rate_limit, created_through, created_by, created_at, expires_at, revoked_at FROM api_keys LIMIT 1`,
      /key onlyThere/,
    ],
    [
      'a revocation',
      `UPDATE api_keys SET revoked_at = now() WHERE revoked_at IS NULL`,
      /the key \w+ was revoked there/,
    ],
    [
      'an audit event',
      `INSERT INTO audit_events (id, at, action, actor, facts) VALUES ('evt_only_there', now(), 'user.updated', 'system', '{}')`,
      /audit event evt_only_there/,
    ],
    [
      'another audit event of the same number',
      `UPDATE audit_events SET id = 'evt_other' WHERE seq = 9`,
      /audit event evt_other/,
    ],
    [
      'a sign-in that has begun',
      `INSERT INTO used_attempts VALUES ('hash', now() + interval '1 minute')`,
      /sign in/,
    ],
    [
      'a tag key',
      `INSERT INTO keyring SELECT 'tag-2', purpose, wrapped, created_at + interval '1s' FROM keyring WHERE id = 'tag-1'`,
      /keyring/,
    ],
  ])('%s that the file does not hold', async (_, statement, because) => {
    await copyToPostgres(url, target.url)
    await target.change(statement)
    await expectRefused(because)
  })

  test('where it was started on while it was empty', async () => {
    await onTarget((storage) =>
      openKeyring({
        storage,
        wrapKey: deriveKeys(source.masterKey).keyring,
        previousWrapKey: null,
        now: () => new Date(),
      }),
    )
    await expectRefused(/started on it while it was empty.*drop the database, make it again/s)
  })

  test('where a key of the file was revoked by a Keydesk', async () => {
    await copyToPostgres(url, target.url)
    await onTarget((storage) =>
      land(storage, (tx) => [
        storage.keys.revoke(tx, idOf(source.goodKey), new Date()),
        ...storage.audit.record(tx, eventRow({ action: 'key.revoked' })),
      ]),
    )
    await expectRefused(/the key \w+ was revoked there/)
  })

  test('where the file was put back to before a revocation that is in the copy', async () => {
    change(file, 'UPDATE api_keys SET revoked_at = 5 WHERE id = ?', idOf(source.goodKey))
    await copyToPostgres(url, target.url)
    ;({ file, url } = source.fresh())
    await expectRefused(/was revoked there/)
  })

  test('but usage alone is no use, and neither is a sign-in that is long over', async () => {
    await copyToPostgres(url, target.url)
    const usage = await target.rows('SELECT * FROM key_usage ORDER BY key_id')
    await target.change('UPDATE key_usage SET request_count = 1')
    await target.change("INSERT INTO key_stats VALUES ('someKey', now(), 'valid', 5)")
    await target.change("INSERT INTO used_attempts VALUES ('hash', now() - interval '1 minute')")
    await copyToPostgres(url, target.url)
    expect(await target.rows('SELECT * FROM key_usage ORDER BY key_id')).toEqual(usage)
    expect(await target.rows("SELECT * FROM key_stats WHERE key_id = 'someKey'")).toEqual([])
    expect(await target.rows("SELECT * FROM used_attempts WHERE nonce_hash = 'hash'")).toEqual([])
  })
})

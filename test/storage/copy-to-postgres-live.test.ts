import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createGateway, type Gateway } from '../../src/gateway.ts'
import { copyToPostgres } from '../../src/storage/copy-to-postgres.ts'
import { createDesk, deskSettings, idOf } from '../support/desk.ts'
import { json } from '../support/json.ts'
import { startKeydesk } from '../support/keydesk-process.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'
import { change, type FilledSource, fillSource } from './filled-source.ts'

describe('a Keydesk on the Postgres that a file was copied to, with the same master key', () => {
  let source: FilledSource
  let target: TestDatabase
  let gateway: Gateway
  let file: string
  let url: string
  beforeAll(async () => {
    source = await fillSource(300)
    target = await createTestDatabaseOn(18)
    ;({ file, url } = source.fresh())
    await copyToPostgres(url, target.url)
    const settings = {
      ...deskSettings,
      // The file holds rules, so that nobody comes in by silence.
      ALLOWED_DOMAINS: 'desk.test',
      AUTH_BASE_URL: 'http://localhost:3000',
      PROXY_MASTER_KEY: source.masterKey,
      DATABASE_URL: target.url,
      ARGON2_MEMORY_KIB: '64',
      ARGON2_TIME_COST: '1',
    }
    gateway = await createGateway(readConfig(settings), { log: { write: () => undefined } })
  })
  afterAll(async () => {
    await gateway?.close()
    await target?.drop()
    source?.remove()
  })

  const ask = async (path: string, headers: Record<string, string>, body?: object) =>
    gateway.fetch(
      new Request(`http://localhost:3000${path}`, {
        headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      }),
    )
  const validate = (key: string) => ask('/v1/validate', { 'x-api-key': key })
  const codeFor = async (key: string) => (await json(await validate(key))).code ?? 'valid'

  test('takes the same key text, and knows all about the key', async () => {
    const response = await validate(source.goodKey)
    expect(response.status).toBe(200)
    expect((await json(response)).key).toMatchObject({
      id: idOf(source.goodKey),
      name: 'nächtlich 🔑',
      scopes: ['b.x', 'a'],
      metadata: { z: 1, a: { y: [null, 'ü'] } },
    })
  })

  test('refuses what was revoked before', async () => {
    expect(await codeFor(source.revokedKey)).toBe('revoked_key')
  })

  test('keeps to the limit of a key', async () => {
    const codes = []
    for (let n = 0; n < 4; n += 1) codes.push(await codeFor(source.limitedKey))
    expect(codes).toEqual(['valid', 'valid', 'valid', 'rate_limited'])
  })

  test('that has verified alone is copied to again, and acts on what it is told so', async () => {
    expect(await codeFor(source.goodKey)).toBe('valid')
    change(file, 'UPDATE api_keys SET revoked_at = 1 WHERE id = ?', idOf(source.goodKey))
    await copyToPostgres(url, target.url)
    await expect.poll(() => codeFor(source.goodKey), { timeout: 500, interval: 5 }).toBe('revoked_key')
  })

  test('goes on verifying while it is copied to, and writes nothing in between', async () => {
    await target.rows(
      `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$;
       CREATE TRIGGER dawdle BEFORE UPDATE ON identities FOR EACH ROW EXECUTE FUNCTION dawdle()`,
    )
    change(file, "UPDATE identities SET provider = 'other' WHERE rowid % 2 = 0")
    let isOver = false
    const copying = copyToPostgres(url, target.url).finally(() => {
      isOver = true
    })
    while (
      (
        await target.rows(
          "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%INSERT%identities%' AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()",
        )
      ).length === 0
    )
      await pause(2)
    const begunAt = performance.now()
    expect(await codeFor(source.revokedKey)).toBe('revoked_key')
    expect(performance.now() - begunAt).toBeLessThan(500)
    // As a flush of usage would take it.
    const write = 'SELECT 1; LOCK TABLE key_usage IN ROW EXCLUSIVE MODE NOWAIT'
    await expect(target.rows(write)).rejects.toThrow(/could not obtain lock/)
    const [{ id }] = (await target.rows("SELECT id FROM users WHERE status = 'active' LIMIT 1")) as [
      { id: string },
    ]
    const minting = ask(
      '/admin/keys',
      { authorization: `Bearer ${source.masterKey}` },
      { user_id: id, name: 'x' },
    )
    expect(isOver).toBe(false)
    // Either it gave up waiting, or it waited until the copy was over: it was not lost under it.
    const { status } = await minting
    await copying
    const [{ count }] = (await target.rows("SELECT count(*) AS count FROM api_keys WHERE name = 'x'")) as [
      { count: number },
    ]
    expect([status, count]).toEqual(status === 201 ? [201, 1] : [503, 0])
    if (status === 201) await expect(copyToPostgres(url, target.url)).rejects.toThrow(/used on its own/)
  })
})

test('a copy of a file that a process writes to is of one moment, each time', async () => {
  const target = await createTestDatabaseOn(18)
  const keydesk = await startKeydesk(deskSettings)
  const desk = await createDesk(keydesk)
  let isOver = false
  const working = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const key = await desk.mint()
      await desk.validate(key)
      await desk.revoke(key)
    }
  })
  const seen: number[] = []
  for (let round = 0; round < 6; round += 1) {
    await copyToPostgres(keydesk.database.url, target.url)
    const [row] = await target.rows(
      `SELECT (SELECT count(*) FROM api_keys) AS keys, (SELECT count(*) FROM api_keys WHERE revoked_at > created_at) AS revoked,
        (SELECT count(*) FROM audit_events WHERE action = 'key.minted') AS minted,
        (SELECT count(*) FROM audit_events WHERE action = 'key.revoked') AS revocations,
        (SELECT count(*) FROM audit_events) AS events, (SELECT count(*) FROM audit_details) AS details`,
    )
    expect([row.keys, row.revoked, row.events]).toEqual([row.minted, row.revocations, row.details])
    seen.push(row.keys)
  }
  isOver = true
  await Promise.all(working)
  // Otherwise nothing was written meanwhile.
  expect(new Set(seen).size).toBeGreaterThan(3)
  await keydesk.close()
  await target.drop()
})

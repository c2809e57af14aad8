import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockId } from '../../src/storage/migrate-postgres.ts'
import { createDesk, deskSettings } from '../support/desk.ts'
import { type KeydeskProcess, runKeydesk, startKeydesk } from '../support/keydesk-process.ts'
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts'
import { createPostgresTestDatabase } from '../support/postgres-test-database.ts'
import { rounds } from './rounds.ts'

const masterKey = 'cQ8vN2xT5yHkR7mWzP4sLb9dJf3gAe6u'

describe('replicas that start at once on an empty database', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgresServer({ durable: true })
  })
  afterAll(() => server?.close())

  // Ten once, since each takes a second of a processor to start.
  test.each(Array.from({ length: rounds }, (_, round) => (round === 0 ? 10 : 2)))(
    'make its tables once: %i of them',
    { timeout: 120_000 },
    async (count) => {
      const database = await createPostgresTestDatabase(server.adminUrl)
      const admin = new pg.Client(server.adminUrl.replace(/\/postgres$/, new URL(database.url).pathname))
      await admin.connect()
      // None of them begins before all of them want to.
      await admin.query('SELECT pg_advisory_lock($1)', [lockId])
      const starting = Array.from({ length: count }, () =>
        startKeydesk(deskSettings, { beside: { database, masterKey } }),
      )
      const waiting = async () => {
        const { rows } = await admin.query(
          "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
        )
        return rows[0]?.n
      }
      await expect.poll(waiting, { timeout: 60_000, interval: 20 }).toBe(count)
      await admin.query('SELECT pg_advisory_unlock($1)', [lockId])
      const started = await Promise.allSettled(starting)
      const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      try {
        expect(started.filter(({ status }) => status === 'rejected')).toEqual([])
        expect(await database.rows('SELECT count(*) AS n FROM epoch')).toEqual([{ n: 1 }])
        expect(await database.rows('SELECT count(*) AS n FROM replicas')).toEqual([{ n: count }])
        expect(await database.rows('SELECT id FROM keyring ORDER BY id')).toEqual([
          { id: 'audit-1' },
          { id: 'jwt-1' },
          { id: 'tag-1' },
        ])
        await expectOneService(running)
      } finally {
        await Promise.all(running.map((one) => one.close()))
        await admin.end()
        await database.drop()
      }
    },
  )

  test('refuse to when the tables are those of a newer version, say so, and change nothing', async () => {
    const database = await createPostgresTestDatabase(server.adminUrl)
    const settings = { ...deskSettings, AUTH_BASE_URL: 'http://localhost:3999', PROXY_MASTER_KEY: masterKey }
    const running = await startKeydesk(deskSettings, { beside: { database, masterKey } })
    const desk = await createDesk(running)
    const key = await desk.mint()
    await database.rows(
      "INSERT INTO schema_migrations (made_at, hash) VALUES (99999999999999, 'of the future')",
    )
    const before = await database.contents()
    const endings = await Promise.all(
      [1, 2].map(() => runKeydesk({ ...settings, DATABASE_URL: database.url, PORT: '0' })),
    )
    for (const { code, stderr, stdout } of endings) {
      expect(code).toBe(1)
      expect(stderr).toContain('The database was migrated by a newer version of Keydesk. Start that version')
      expect(stderr + stdout).not.toMatch(/\n\s+at /)
    }
    // Those that ran before go on, as in a rolling update.
    expect(await desk.codeFor(key)).toBe('valid')
    expect(await desk.codeFor(await desk.mint())).toBe('valid')
    const rows = (contents: string) => contents.split('\n').filter((row) => row.includes('of the future'))
    expect(rows(await database.contents())).toEqual(rows(before))
    await running.close()
    await database.drop()
  })
})

/** What one mints all take, and what the next revokes all refuse: they have one tag key. */
async function expectOneService(running: readonly KeydeskProcess[]): Promise<void> {
  const desks = []
  for (const gateway of running) desks.push(await createDesk(gateway))
  for (const [index, desk] of desks.entries()) {
    const key = await desk.mint()
    for (const one of desks) expect(await one.codeFor(key)).toBe('valid')
    const revoked = await desks[(index + 1) % desks.length]?.revoke(key)
    expect(revoked?.status).toBe(204)
    for (const one of desks) expect(await one.codeFor(key)).toBe('revoked_key')
  }
}

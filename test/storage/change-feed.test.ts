import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'
import { baseTime, eventRow, keyRow, land, plusMs, userRow } from './engines.ts'

/** Replicas on one Postgres, without Keydesk around them. */
describe('what one replica changes', () => {
  let database: TestDatabase
  let admin: pg.Client
  const opened: Storage[] = []
  const open = async () => {
    const storage = await openStorage(database.url, { connectMs: 5000, statementMs: 5000 })
    opened.push(storage)
    return storage
  }
  beforeAll(async () => {
    database = await createTestDatabaseOn(18)
    await (await openStorage(database.url)).close()
    admin = new pg.Client(database.url)
    await admin.connect()
  })
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close()
  })
  afterAll(async () => {
    await admin.end()
    await database.drop()
  })

  async function twoReplicasAndAKey() {
    const [one, other] = [await open(), await open()]
    const user = userRow()
    const key = keyRow(user)
    await land(one, (tx) => [one.users.insert(tx, user), one.keys.insert(tx, key)])
    return { one, other, user, key }
  }
  const revoke = (storage: Storage, id: string) =>
    land(storage, (tx) => [storage.keys.revoke(tx, id, plusMs(1))])

  test('is known to the other when it is confirmed, and says who confirmed it and how fast', async () => {
    const { one, other, key, user } = await twoReplicasAndAKey()
    const read = await other.generation()
    await revoke(one, key.id)
    const receipt = await one.confirmChanges()
    expect(other.changedSince(read, [key.id, user.id])).toBe(true)
    expect(receipt).toHaveLength(2)
    for (const { confirmed, ms } of receipt) {
      expect(confirmed).toBe(true)
      expect(ms).toBeLessThan(1000)
    }
  })

  test('leaves what it did not touch as it was read, at both', async () => {
    const { one, other, key } = await twoReplicasAndAKey()
    await one.confirmChanges()
    const [readByOne, readByOther] = [await one.generation(), await other.generation()]
    const stranger = userRow()
    const theirs = keyRow(stranger)
    await land(one, (tx) => [one.users.insert(tx, stranger), one.keys.insert(tx, theirs)])
    await revoke(one, theirs.id)
    await land(one, (tx) => one.audit.record(tx, eventRow()))
    await one.confirmChanges()
    expect(one.changedSince(readByOne, [key.id])).toBe(false)
    expect(other.changedSince(readByOther, [key.id])).toBe(false)
    expect(other.changedSince(readByOther, [theirs.id])).toBe(true)
  })

  test('makes everything count as changed where somebody advanced the epoch by hand', async () => {
    const { one, other, key } = await twoReplicasAndAKey()
    await one.confirmChanges()
    const read = await other.generation()
    await admin.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [key.id])
    await admin.query('UPDATE epoch SET n = n + 1; NOTIFY keydesk_changes')
    await one.confirmChanges()
    expect(other.changedSince(read, ['whatever'])).toBe(true)
  })

  test('is not hidden by notifications that somebody else sends: they only make a replica look', async () => {
    const { one, other, key } = await twoReplicasAndAKey()
    await one.confirmChanges()
    const read = await other.generation()
    for (const payload of ['', '999999', '{"epoch":999999,"ids":[]}', 'x'.repeat(7000)])
      await admin.query("SELECT pg_notify('keydesk_changes', $1)", [payload])
    await revoke(one, key.id)
    await one.confirmChanges()
    expect(other.changedSince(read, [key.id])).toBe(true)
  })

  test('is known within a second and a half where the database tells nobody of it', async () => {
    const { one, other, key } = await twoReplicasAndAKey()
    await one.confirmChanges()
    const deaf = await other.generation()
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'LISTEN%'`)
    const begunAt = performance.now()
    await revoke(one, key.id)
    await expect.poll(() => other.changedSince(deaf, [key.id]), { interval: 5, timeout: 1500 }).toBe(true)
    expect(performance.now() - begunAt).toBeLessThan(1500)
    await expect.poll(() => other.feedState?.().listening, { timeout: 5000 }).toBe(true)
  })

  test('does not wait for a replica that was closed, nor for rows of the dead after they are struck off', async () => {
    const { one, other } = await twoReplicasAndAKey()
    await other.close()
    expect(await one.confirmChanges()).toHaveLength(1)
    await admin.query("INSERT INTO replicas (id, epoch, looks) VALUES ('dead_1', 0, 7)")
    const receipt = await one.confirmChanges()
    expect(receipt).toContainEqual({ id: 'dead_1', confirmed: false, ms: expect.closeTo(2000, -2) })
    const isListed = async () =>
      (await admin.query("SELECT 1 FROM replicas WHERE id = 'dead_1'")).rowCount === 1
    await expect.poll(isListed, { timeout: 10_000, interval: 100 }).toBe(false)
    expect(await one.confirmChanges()).toHaveLength(1)
  })

  test('is confirmed by a replica that was struck off and lives: it announces itself before it trusts again', async () => {
    const { one, other, key } = await twoReplicasAndAKey()
    await admin.query('DELETE FROM replicas')
    await expect
      .poll(async () => (await admin.query('SELECT 1 FROM replicas')).rowCount, { timeout: 5000 })
      .toBe(2)
    const read = await other.generation()
    await revoke(one, key.id)
    expect((await one.confirmChanges()).map(({ confirmed }) => confirmed)).toEqual([true, true])
    expect(other.changedSince(read, [key.id])).toBe(true)
  })

  test('is noticed by a replica that slept through a failover which lost commits, though the numbers are the same', async () => {
    const { one, other, key } = await twoReplicasAndAKey()
    await one.confirmChanges()
    const read = await other.generation()
    // As a standby that had not received the last commit would count on: another change under a number seen before.
    await admin.query(`BEGIN; LOCK TABLE replicas;
      UPDATE changes SET ids = '[]', mark = 'another history' WHERE epoch = (SELECT n FROM epoch); COMMIT`)
    await expect.poll(() => other.changedSince(read, [key.id]), { timeout: 3000 }).toBe(true)
  })

  test('is refused, not waited for, where the epoch is gone: nothing is trusted, and nobody asks on and on', async () => {
    const { one } = await twoReplicasAndAKey()
    const { rows } = await admin.query('DELETE FROM epoch RETURNING n')
    await expect
      .poll(
        async () =>
          Promise.resolve()
            .then(() => one.generation())
            .then(
              () => 'trusted',
              ({ code }) => code,
            ),
        { timeout: 4000 },
      )
      .toBe('unavailable')
    await admin.query("INSERT INTO epoch (id, n) VALUES ('epoch', $1)", [rows[0].n])
    await expect
      .poll(
        async () =>
          Promise.resolve()
            .then(() => one.generation())
            .then(
              () => 'trusted',
              ({ code }) => code,
            ),
        { timeout: 4000 },
      )
      .toBe('trusted')
  })

  test('comes in one order: epochs are without gaps, and each names what it changed', async () => {
    const { one, other, user } = await twoReplicasAndAKey()
    const before = Number((await admin.query('SELECT n FROM epoch')).rows[0].n)
    const keys = Array.from({ length: 40 }, () => keyRow(user, { createdAt: baseTime }))
    await Promise.all(
      keys.map((key, index) => {
        const storage = index % 2 === 0 ? one : other
        return land(storage, (tx) => [storage.keys.insert(tx, key), ...storage.audit.record(tx, eventRow())])
      }),
    )
    const { rows } = await admin.query('SELECT epoch, ids FROM changes WHERE epoch > $1 ORDER BY epoch', [
      before,
    ])
    expect(rows.map(({ epoch }) => Number(epoch))).toEqual(keys.map((_, index) => before + 1 + index))
    expect(rows.flatMap(({ ids }) => ids).sort()).toEqual(keys.map(({ id }) => id).sort())
  })

  test('lets nobody see a later audit event before an earlier one', async () => {
    const [one, other] = [await open(), await open()]
    const seen: number[] = []
    let isWriting = true
    const reader = (async () => {
      while (isWriting) seen.push(...(await one.audit.find({ limit: 1 })).map(({ event }) => event.seq))
    })()
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const storage = index % 2 === 0 ? one : other
        return land(storage, (tx) => storage.audit.record(tx, eventRow()))
      }),
    )
    isWriting = false
    await reader
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })
})

describe('a way to listen that leads nowhere', () => {
  test('is told, and nothing but speed is lost', async () => {
    const [database, elsewhere] = [await createTestDatabaseOn(18), await createTestDatabaseOn(18)]
    const reports: string[] = []
    const storage = await openStorage(database.url, {
      listenUrl: elsewhere.url,
      report: (message) => reports.push(message),
    })
    await expect.poll(() => reports.join(), { timeout: 5000 }).toContain('does not hear of changes')
    expect(storage.feedState?.().listening).toBe(false)
    expect((await storage.confirmChanges()).map(({ confirmed }) => confirmed)).toEqual([true])
    await storage.close()
    await database.drop()
    await elsewhere.drop()
  })
})

describe('a lock that somebody holds', () => {
  test('uses up no connections of the server, however many ask and give up', async () => {
    const database = await createTestDatabaseOn(18)
    const storage = await openStorage(database.url)
    const holder = new pg.Client(database.url)
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE api_keys, replicas')
    const counter = new pg.Client(database.url)
    await counter.connect()
    const refused: unknown[] = []
    for (let round = 0; round < 3; round += 1) {
      const asking = Array.from({ length: 40 }, () =>
        Promise.resolve()
          .then(() => storage.keys.findWithOwner('x'))
          .catch(({ code }) => code),
      )
      refused.push(...(await Promise.all(asking)))
    }
    const { rows } = await counter.query(
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database()',
    )
    expect(new Set(refused)).toEqual(new Set(['unavailable']))
    // The ten of its pool at most, those that the server is about to end, and the two of this test.
    expect(rows[0].count).toBeLessThanOrEqual(20)
    await holder.query('ROLLBACK')
    await holder.end()
    await expect
      .poll(() => storage.keys.findWithOwner('x').catch(({ code }) => code), { timeout: 5000 })
      .toBeNull()
    await counter.end()
    await storage.close()
    await database.drop()
  })
})

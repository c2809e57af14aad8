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
    const storage = await openStorage(database.url)
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
    await admin.query("INSERT INTO replicas (id, epoch, looks, started_at) VALUES ('dead_1', 0, 7, now())")
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

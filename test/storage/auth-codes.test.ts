import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditEvent } from '../../src/domain/audit-event.ts'
import { randomText } from '../../src/domain/random-text.ts'
import type { AuthCode } from '../../src/storage/auth-codes.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

const codeRow = (change: Partial<AuthCode> = {}): AuthCode => ({
  codeHash: randomText(43),
  sessionId: `ses_${randomText(16)}`,
  origin: 'https://app.test',
  codeChallenge: randomText(43),
  expiresAt: baseTime,
  ...change,
})

describe.each(engines)('one-time codes, on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
  })
  afterAll(() => context.end())

  const insert = async (change: Partial<AuthCode> = {}) => {
    const code = codeRow(change)
    await land(storage, (tx) => [storage.authCodes.insert(tx, code)])
    return code
  }
  const takeFrom = (from: Storage, { codeHash }: AuthCode, at: Date) =>
    from.atomically((tx) => [{ statement: from.authCodes.take(tx, codeHash, at), rows: 1 }])

  test('read back as written, to the letter, until the very millisecond at which they end', async () => {
    const code = await insert({ codeHash: 'aAaA-_' })
    expect(await storage.authCodes.find('aAaA-_', plusMs(-1))).toEqual(code)
    expect(await storage.authCodes.find('aAaA-_', baseTime)).toBeNull()
    for (const hash of ['aaaa-_', 'aAaA-', 'aAaA-%', '', "' OR 1=1 --"])
      expect(await storage.authCodes.find(hash, plusMs(-1))).toBeNull()
  })

  test('are taken once, by one of many that try at once, also of another process', async () => {
    const other = await openStorage(context.url)
    const code = await insert()
    const taken = await Promise.all(
      [storage, other, storage, other, storage].map((from) => takeFrom(from, code, plusMs(-1))),
    )
    expect(taken.filter((landed) => landed)).toHaveLength(1)
    expect(await storage.authCodes.find(code.codeHash, plusMs(-1))).toBeNull()
    await other.close()
  })

  test('cannot be taken once they have expired, and are forgotten then', async () => {
    const [expired, live] = [await insert(), await insert({ expiresAt: plusMs(1) })]
    expect(await takeFrom(storage, expired, baseTime)).toBe(false)
    await land(storage, (tx) => [storage.authCodes.prune(tx, baseTime)])
    expect(await storage.authCodes.find(expired.codeHash, plusMs(-1))).toBeNull()
    expect(await storage.authCodes.find(live.codeHash, baseTime)).toEqual(live)
  })
})

describe.each(engines)('keys that were stopped by who held them, on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const [owner, other] = [userRow({ name: 'Ada' }), userRow()]
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => [storage.users.insert(tx, owner), storage.users.insert(tx, other)])
  })
  afterAll(() => context.end())

  /** Revokes a new key of a user at a time; its event is by `actor`, or there is none. */
  async function stop(userId: string, at: Date, actor: 'itself' | 'master_key' | null): Promise<string> {
    const key = keyRow(userRow({ id: userId }), { id: randomText(12) })
    const name = `key:${key.id}` as const
    const event = auditEvent({
      at,
      action: 'key.revoked',
      actor: actor === 'master_key' ? 'master_key' : name,
      target: name,
      origin: { requestId: 'req_1', address: '203.0.113.7', userAgent: null },
    })
    await land(storage, (tx) => [
      storage.keys.insert(tx, key),
      storage.keys.revoke(tx, key.id, at, 'stopped'),
      ...(actor === null ? [] : storage.audit.record(tx, event)),
    ])
    return key.id
  }

  test('are found by reason and actor, since a time, with from where; without the event by the reason', async () => {
    const found = await stop(owner.id, plusMs(1), 'itself')
    const pruned = await stop(owner.id, plusMs(2), null)
    const others = await stop(other.id, plusMs(1), 'itself')
    await stop(owner.id, plusMs(1), 'master_key')
    await stop(owner.id, baseTime, 'itself')
    const rows = await storage.stoppedKeys.ofUsers([owner.id], 'stopped', baseTime)
    const byTime = rows.sort((a, b) => a.stoppedAt.getTime() - b.stoppedAt.getTime())
    const shared = { userId: owner.id, ownerName: 'Ada', name: expect.any(String) }
    expect(byTime).toEqual([
      { ...shared, id: found, stoppedAt: plusMs(1), address: '203.0.113.7' },
      { ...shared, id: pruned, stoppedAt: plusMs(2), address: null },
    ])
    expect(await storage.stoppedKeys.ofUsers([owner.id], 'stopped by', baseTime)).toEqual([])
    const ofBoth = await storage.stoppedKeys.ofUsers([owner.id, other.id], 'stopped', baseTime)
    expect(ofBoth.map(({ id }) => id).sort()).toEqual([found, pruned, others].sort())
  })
})

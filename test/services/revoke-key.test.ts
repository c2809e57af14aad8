import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMetrics } from '../../src/services/metrics.ts'
import { createRetireKey } from '../../src/services/retire-key.ts'
import { createRevokeKey } from '../../src/services/revoke-key.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, land } from '../storage/engines.ts'
import { overtaken, type RetirementContext, startRetirements } from './retirement-context.ts'

const origin = { requestId: 'req', address: null, userAgent: null }
const now = () => baseTime

describe('what changes between the look and the write', () => {
  let desk: RetirementContext
  beforeEach(async () => {
    desk = await startRetirements()
  })
  afterEach(() => desk.close())

  const rename = async (id: string) => {
    const key = await desk.storage.keys.find(id)
    await land(desk.storage, (tx) =>
      key === null ? [] : [desk.storage.keys.update(tx, { ...key, name: 'new' })],
    )
  }
  const revoker = (storage: Storage) => createRevokeKey({ storage, metrics: createMetrics(), now })
  const live = { revokedAt: null, revokedReason: null }

  test('keeps a key alive that was to be revoked as it was seen', async () => {
    const id = await desk.insertKey()
    const revokeKey = revoker(overtaken(desk.storage, () => rename(id)))
    const refused = await revokeKey(id, 'master_key', origin, { version: 1 }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'precondition_failed' })
    expect(await desk.stateOf(id)).toEqual(live)
  })

  test('does not stand in the way where any version is meant', async () => {
    const id = await desk.insertKey()
    await revoker(overtaken(desk.storage, () => rename(id)))(id, 'master_key', origin, { reason: 'lost' })
    expect(await desk.stateOf(id)).toEqual({ revokedAt: baseTime, revokedReason: 'lost' })
  })

  test('is what was asked for where it was a revocation: the first one stays', async () => {
    const id = await desk.insertKey()
    const revokeKey = revoker(overtaken(desk.storage, () => desk.revoke(id, 'first')))
    const { revokedAt } = await revokeKey(id, 'master_key', origin, { reason: 'second', version: 1 })
    expect(await desk.stateOf(id)).toEqual({ revokedAt, revokedReason: 'first' })
  })

  test('keeps a key alive that was to retire now, where its successor dies first', async () => {
    const id = await desk.insertKey()
    const successor = await desk.rotate(id)
    const retireKey = createRetireKey({ storage: overtaken(desk.storage, () => desk.revoke(successor)), now })
    const refused = await retireKey(id, 'master_key', origin).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'conflict', message: expect.stringContaining('dead itself') })
    expect(await desk.stateOf(id)).toEqual(live)
    expect(await desk.retired()).toEqual([])
  })

  test('retire now looks at what replaced the successor, where something did', async () => {
    const id = await desk.insertKey()
    const second = await desk.rotate(id)
    const third = await desk.rotate(second)
    await desk.revoke(second, 'retired')
    const retireKey = createRetireKey({ storage: desk.storage, now })
    expect(await retireKey(id, 'master_key', origin)).toMatchObject({ revokedReason: 'retired' })
    expect((await desk.retired()).at(-1)?.facts).toMatchObject({ successor_id: third, reason: 'asked' })
    await desk.revoke(third)
    const other = await desk.insertKey({ successorId: second, retiresAt: desk.inSeconds(60) })
    const refused = await retireKey(other, 'master_key', origin).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'conflict' })
    expect(await desk.stateOf(other)).toEqual(live)
  })
})

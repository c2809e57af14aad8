import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRecordUsage } from '../../../src/services/record-usage.ts'
import { openStorage } from '../../../src/storage/storage.ts'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'

let desk: Desk
beforeAll(async () => {
  desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h', TRUSTED_PROXIES: '127.0.0.0/8' })
})
afterAll(() => desk.close())

const from = (address: string) => ({ 'x-forwarded-for': address, 'user-agent': `ci ${address}` })
/** What is gathered is written when a process ends. */
const flush = () => desk.gateway.restart()
async function eventsOf(key: string): Promise<any[]> {
  const path = `/admin/audit?action=key.first_used&target=key:${idOf(key)}`
  return (await json(await desk.gateway.asAdmin(path))).data
}

describe('the first use of a key', () => {
  test('is in the audit trail once, with where it came from, and no other use is', async () => {
    const [key, unused] = [await desk.mint(), await desk.mint()]
    await desk.validate(key, '', from('192.0.2.1'))
    await desk.validate(key, '', from('192.0.2.2'))
    expect(await eventsOf(key)).toEqual([])
    await flush()
    const events = await eventsOf(key)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      actor: `key:${idOf(key)}`,
      facts: { user_id: desk.userId },
      details: { email: null, address: '192.0.2.1', user_agent: 'ci 192.0.2.1' },
    })
    await desk.validate(key, '', from('192.0.2.3'))
    await flush()
    expect(await eventsOf(key)).toEqual(events)
    expect(await eventsOf(unused)).toEqual([])
  })

  test('is no use that was refused', async () => {
    const key = await desk.mint()
    await desk.revoke(key)
    await desk.validate(key)
    await flush()
    expect(await eventsOf(key)).toEqual([])
  })

  test('is one event when two replicas learn of it at once, and when a process ended before it was counted', async () => {
    const key = await desk.mint()
    const url = desk.gateway.database.url
    const storages = [await openStorage(url), await openStorage(url)]
    const replicas = storages.map((storage) => createRecordUsage({ storage }))
    for (const [index, replica] of replicas.entries())
      replica.used(idOf(key), { at: new Date(), address: `192.0.2.${index}`, userAgent: undefined })
    await Promise.all(replicas.map((replica) => replica.flush()))
    expect(await eventsOf(key)).toHaveLength(1)
    await desk.sql('DELETE FROM key_usage WHERE key_id = ?', idOf(key))
    replicas[0]?.used(idOf(key), { at: new Date(), address: null, userAgent: undefined })
    await replicas[0]?.flush()
    expect(await eventsOf(key)).toHaveLength(1)
    for (const storage of storages) await storage.close()
  })

  test('does not say from where it came when its owner was erased before it was written', async () => {
    const owner = await desk.addUser()
    const key = await desk.mint({ user_id: owner })
    await desk.validate(key, '', from('192.0.2.9'))
    expect((await desk.gateway.asAdmin(`/admin/users/${owner}`, { method: 'DELETE' })).status).toBe(204)
    await flush()
    const [event] = await eventsOf(key)
    expect(event.details).toEqual({ email: null, address: null, user_agent: null })
  })
})

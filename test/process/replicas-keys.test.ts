import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { users } from '../../src/storage/schema.postgres.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { idOf } from '../support/desk.ts'
import { type GatewaysOnPostgres, startGatewaysOnPostgres } from '../support/gateways-on-postgres.ts'
import { json } from '../support/json.ts'
import { startWire, type Wire } from '../support/wire.ts'

describe('of three replicas on one Postgres', () => {
  let replicas: GatewaysOnPostgres
  beforeAll(async () => {
    replicas = await startGatewaysOnPostgres(3)
  })
  afterAll(() => replicas?.close())

  const codes = (key: string) => Promise.all(replicas.desks.map((desk) => desk.codeFor(key)))
  const [valid, revoked, disabled] = ['valid', 'revoked_key', 'user_disabled'].map((code) => [
    code,
    code,
    code,
  ])

  test('each takes a key that another has minted on its first request', async () => {
    for (const desk of replicas.desks) {
      for (let time = 0; time < 10; time += 1) expect(await codes(await desk.mint())).toEqual(valid)
    }
  })

  test('each refuses a key that another has revoked on the first request after the 204', async () => {
    for (const desk of replicas.desks) {
      for (const key of await desk.mintMany(8)) {
        expect(await codes(key)).toEqual(valid)
        expect(await codes(key)).toEqual(valid)
        expect((await desk.revoke(key)).status).toBe(204)
        expect(await codes(key)).toEqual(revoked)
      }
    }
  })

  test('each confirms a revocation in the receipt, in a moment', async () => {
    for (const desk of replicas.desks) {
      const key = await desk.mint()
      expect(await codes(key)).toEqual(valid)
      const path = `/admin/keys/${idOf(key)}?receipt=true`
      const answer = await desk.gateway.asAdmin(path, { method: 'DELETE' })
      expect(answer.status).toBe(200)
      const receipt = await json(answer)
      expect(receipt.revoked_at).toBe((await desk.read(key)).revoked_at)
      expect(new Set(receipt.replicas.map(({ id }: any) => id)).size).toBe(3)
      for (const { confirmed, ms } of receipt.replicas) {
        expect(confirmed).toBe(true)
        expect(ms).toBeLessThan(500)
      }
      expect(await codes(key)).toEqual(revoked)
    }
  })

  test('each refuses the keys of an owner whom somebody disabled through the storage, once that is confirmed', async () => {
    const storage = await openStorage(replicas.database.url)
    const [desk] = replicas.desks
    const owner = await desk!.addUser()
    const keys = await desk!.mintMany(5, { user_id: owner })
    const set = (status: 'active' | 'disabled') =>
      storage.atomically((tx) => [
        { statement: tx.update(users).set({ status }).where(eq(users.id, owner)), rows: 1 },
      ])
    try {
      for (const [status, expected] of [
        ['disabled', disabled],
        ['active', valid],
        ['disabled', disabled],
      ] as const) {
        for (const key of keys) await codes(key)
        expect(await set(status)).toBe(true)
        // The three, and the storage itself.
        expect((await storage.confirmChanges()).map(({ confirmed }) => confirmed)).toEqual([
          true,
          true,
          true,
          true,
        ])
        for (const key of keys) expect(await codes(key)).toEqual(expected)
      }
    } finally {
      await storage.close()
    }
  })

  test('each counts them, and none waits for one that was closed', async () => {
    for (const desk of replicas.desks)
      await expect.poll(() => desk.metric('keydesk_replicas'), { timeout: 5000 }).toBe(3)
    await replicas.gateways[2]!.restart()
    const key = await replicas.desks[0]!.mint()
    const begunAt = performance.now()
    expect((await replicas.desks[0]!.revoke(key)).status).toBe(204)
    expect(performance.now() - begunAt).toBeLessThan(1500)
    expect(await codes(key)).toEqual(revoked)
  })
})

describe('a replica that is cut from the database', () => {
  let replicas: GatewaysOnPostgres
  let wire: Wire
  beforeAll(async () => {
    replicas = await startGatewaysOnPostgres(
      2,
      async (index, databaseUrl): Promise<Record<string, string>> => {
        if (index === 0) return {}
        wire = await startWire(Number(new URL(databaseUrl).port))
        return { DATABASE_URL: wire.through(databaseUrl) }
      },
    )
  })
  afterAll(async () => {
    await replicas?.close()
    await wire?.close()
  })

  test('is in the receipt as not confirmed after two seconds, refuses by then, and is back by itself', async () => {
    const [whole, cut] = replicas.desks
    const key = await whole!.mint()
    const other = await whole!.mint()
    for (const desk of replicas.desks)
      for (const one of [key, other]) expect(await desk.codeFor(one)).toBe('valid')
    wire.cut('frozen')
    const path = `/admin/keys/${idOf(key)}?receipt=true`
    const receipt = await json(await whole!.gateway.asAdmin(path, { method: 'DELETE' }))
    expect(receipt.replicas.map(({ confirmed }: any) => confirmed).sort()).toEqual([false, true])
    for (const { confirmed, ms } of receipt.replicas) {
      if (confirmed) expect(ms).toBeLessThan(500)
      else expect(ms).toBeCloseTo(2000, -2)
    }
    for (const one of [key, other]) expect(await cut!.codeFor(one)).toBe('unavailable')
    expect((await cut!.gateway.fetch('/readyz')).status).toBe(503)
    expect(await whole!.codeFor(other)).toBe('valid')
    wire.heal()
    await expect.poll(() => cut!.codeFor(other), { timeout: 10_000, interval: 20 }).toBe('valid')
    expect(await cut!.codeFor(key)).toBe('revoked_key')
    expect((await cut!.gateway.fetch('/readyz')).status).toBe(200)
  })
})

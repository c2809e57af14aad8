import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createGateway, type Gateway } from '../../src/gateway.ts'
import { json } from '../support/json.ts'
import { signInSettings, testClient } from '../support/sign-in.ts'
import { type StandInProvider, startStandInProvider } from '../support/stand-in-provider.ts'

const loginsCount = process.env.CHAOS_FLOOD === 'full' ? 100_000 : 20_000
const forgedCount = 10_000
/** Warm caches, compiled code, grown pools: what the first requests cost is not a leak. */
const warmUpCount = 3000
const atOnce = 50
const megabyte = 1024 * 1024

setFlagsFromString('--expose-gc')
// Guarantee: the flag above puts it into every new context.
const collectGarbage = runInNewContext('gc') as () => void

/** In this process and without sockets, so that what is measured is Keydesk. */
describe('a flood', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-flood-'))
  const databaseFile = join(folder, 'keydesk.db')
  const masterKey = randomBytes(32).toString('hex')
  const baseUrl = 'http://localhost:3999'
  let standIn: StandInProvider
  let gateway: Gateway
  beforeAll(async () => {
    standIn = await startStandInProvider({ ...testClient, redirectUris: [`${baseUrl}/auth/callback`] })
    const config = readConfig({
      AUTH_BASE_URL: baseUrl,
      PROXY_MASTER_KEY: masterKey,
      DATABASE_URL: `file:${databaseFile}`,
      LOG_LEVEL: 'silent',
      // They would end the flood before it has shown anything.
      AUTH_RATE_LIMIT: 'off',
      FAILURE_RATE_LIMIT: 'off',
      ...signInSettings(standIn.issuer),
    })
    gateway = await createGateway(config)
  })
  afterAll(async () => {
    await gateway?.close()
    await standIn?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test(`of ${loginsCount} sign-ins that nobody finishes leaves no row and no memory behind`, async () => {
    const login = async () => {
      const response = await gateway.fetch(new Request(`${baseUrl}/auth/login`))
      if (response.status !== 302) throw new Error(`login answered ${response.status}`)
    }
    await times(warmUpCount, login)
    const before = { ...memory(), rows: rowsByTable() }
    await times(loginsCount, login)
    const after = { ...memory(), rows: rowsByTable() }
    expect(after.rows).toEqual(before.rows)
    // 250 bytes kept for each of 20,000 would be over it.
    expect(after.heap - before.heap).toBeLessThan(5 * megabyte)
    expect(after.resident - before.resident).toBeLessThan(80 * megabyte)
    expect(standIn.requests.discovery).toBeLessThan(10)
  })

  test(`of ${forgedCount} forged keys leaves no row and no memory behind, and is answered 401 each time`, async () => {
    const tried = async () => {
      const key = `kd_${text62(12)}_${text62(43)}${randomBytes(8).toString('hex')}`
      const response = await gateway.fetch(
        new Request(`${baseUrl}/v1/validate`, { headers: { 'x-api-key': key } }),
      )
      if (response.status !== 401) throw new Error(`a forged key was answered ${response.status}`)
      const { code } = await json(response)
      if (code !== 'invalid_key') throw new Error(`a forged key was answered ${code}`)
    }
    await times(warmUpCount, tried)
    const before = { ...memory(), rows: rowsByTable() }
    const begunAt = performance.now()
    await times(forgedCount, tried)
    const seconds = (performance.now() - begunAt) / 1000
    const after = { ...memory(), rows: rowsByTable() }
    expect(after.rows).toEqual(before.rows)
    expect(after.heap - before.heap).toBeLessThan(5 * megabyte)
    // With one Argon2id each, at the default cost, it would be minutes.
    expect(seconds).toBeLessThan(30)
  })

  test(`of ${forgedCount} forged callbacks and wrong master keys leaves one audit row a minute for each`, async () => {
    const before = rowsByTable()
    const begunAt = Date.now()
    await times(forgedCount, async (n) => {
      const state = `${randomBytes(24).toString('base64url')}.${randomBytes(16).toString('base64url')}`
      const callback = await gateway.fetch(
        new Request(`${baseUrl}/auth/callback?code=c${n}&state=${state}`, {
          headers: { cookie: `__Host-keydesk-attempt-${n}=${state}` },
        }),
      )
      if (callback.status !== 400) throw new Error(`a forged callback was answered ${callback.status}`)
      const admin = await gateway.fetch(
        new Request(`${baseUrl}/admin/keys`, { headers: { authorization: `Bearer ${state}` } }),
      )
      if (admin.status !== 401) throw new Error(`a wrong master key was answered ${admin.status}`)
    })
    const minutesMax = Math.floor(Date.now() / 60_000) - Math.floor(begunAt / 60_000) + 1
    const { audit_events = 0, audit_details = 0, ...others } = rowsByTable()
    const { audit_events: eventsBefore = 0, audit_details: detailsBefore = 0, ...othersBefore } = before
    expect(others).toEqual(othersBefore)
    expect(audit_events - eventsBefore).toBeLessThanOrEqual(2 * minutesMax)
    expect(audit_details - detailsBefore).toBeLessThanOrEqual(2 * minutesMax)
  })

  function rowsByTable(): Record<string, number> {
    const database = new Sqlite(databaseFile, { readonly: true })
    const tables = database
      .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all()
    const count = (table: string) =>
      database.prepare<[], number>(`SELECT count(*) FROM "${table}"`).pluck().get()
    const rows = Object.fromEntries(tables.map((table) => [table, count(table) ?? -1]))
    database.close()
    return rows
  }
})

/** What is still held after everything that can go has gone, in bytes. */
function memory(): { heap: number; resident: number } {
  for (let pass = 0; pass < 3; pass += 1) collectGarbage()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, resident: rss }
}

async function times(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      next += 1
      await work(next)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function text62(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % 62]).join('')
}

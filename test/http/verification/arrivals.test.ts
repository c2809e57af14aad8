import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createGateway, type Gateway } from '../../../src/gateway.ts'
import { createArrivals } from '../../../src/http/arrivals.ts'
import { createDesk, type Desk, deskSettings, idOf } from '../../support/desk.ts'
import type { TestGateway } from '../../support/gateway.ts'

describe('a group of arrivals', () => {
  /** Begins at the start of a turn, with its millisecond ahead. */
  const atTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

  test('is shared by connections of one turn, and never by two requests of one connection', async () => {
    const groupOf = createArrivals()
    const [first, second] = [{}, {}]
    await atTurn()
    const group = groupOf(first)
    expect(groupOf(second)).toBe(group)
    const next = groupOf(first)
    expect(next).not.toBe(group)
    // And once more: what came with the former group has no part in the new one.
    expect(groupOf(first)).not.toBe(next)
  })

  test('ends with the turn, after a millisecond of it, and for a request without a connection', async () => {
    const groupOf = createArrivals()
    await atTurn()
    const seen = new Set([groupOf({})])
    await atTurn()
    seen.add(groupOf({}))
    const begunAt = performance.now()
    while (performance.now() - begunAt < 2);
    seen.add(groupOf({}))
    seen.add(groupOf(undefined))
    seen.add(groupOf(undefined))
    expect(seen.size).toBe(5)
  })
})

/** Called without sockets, so that a test decides what comes within one turn of the event loop. */
describe('within one turn of the event loop', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-arrivals-'))
  const databaseFile = join(folder, 'keydesk.db')
  const masterKey = randomBytes(32).toString('hex')
  const url = 'http://localhost:3998'
  let gateway: Gateway
  let desk: Desk
  beforeAll(async () => {
    const config = readConfig({
      ...deskSettings,
      AUTH_BASE_URL: url,
      PROXY_MASTER_KEY: masterKey,
      DATABASE_URL: `file:${databaseFile}`,
      LOG_LEVEL: 'silent',
      ARGON2_MEMORY_KIB: '64',
      ARGON2_TIME_COST: '1',
    })
    gateway = await createGateway(config)
    const fetchPath = async (path: string, init: RequestInit = {}) =>
      gateway.fetch(new Request(url + path, init))
    const asAdmin: TestGateway['asAdmin'] = (path, init = {}) =>
      fetchPath(path, {
        ...init,
        headers: { ...(init.headers as object), authorization: `Bearer ${masterKey}` },
      })
    // Guarantee: a desk uses nothing else of a gateway.
    desk = createDesk({ url, masterKey, databaseFile, fetch: fetchPath, asAdmin } as TestGateway)
  })
  afterAll(async () => {
    await gateway?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A request as the listener hands it over. Not awaited: what is answered in this turn is answered now. */
  function arrive(key: string, socket: { remoteAddress: string }): Response {
    const answer = gateway.fetch(new Request(`${url}/v1/validate`, { headers: { 'x-api-key': key } }), {
      incoming: { socket, url: '/v1/validate', rawHeaders: ['X-API-Key', key] },
    })
    if (answer instanceof Promise) throw new Error('the answer gave way')
    return answer
  }
  const connection = () => ({ remoteAddress: '127.0.0.1' })

  async function warmKey(): Promise<string> {
    const key = await desk.mint()
    for (let round = 0; round < 2; round += 1) expect(await desk.codeFor(key)).toBe('valid')
    await new Promise((resolve) => setImmediate(resolve))
    return key
  }

  test('a warm key is answered without giving way', async () => {
    const key = await warmKey()
    expect(arrive(key, connection()).status).toBe(200)
  })

  test('the second request of a connection sees what another process changed after the first', async () => {
    const key = await warmKey()
    const [line, neighbour] = [connection(), connection()]
    expect(arrive(key, line).status).toBe(200)
    expect(arrive(key, neighbour).status).toBe(200)
    desk.sql('UPDATE api_keys SET revoked_at = 1 WHERE id = ?', idOf(key))
    const second = gateway.fetch(new Request(`${url}/v1/validate`), {
      incoming: { socket: line, url: '/v1/validate', rawHeaders: ['X-API-Key', key] },
    })
    expect((await second).status).toBe(401)
  })

  test('another connection sees at once what this process changed', async () => {
    const key = await warmKey()
    expect(arrive(key, connection()).status).toBe(200)
    const revoking = desk.revoke(key)
    expect((await revoking).status).toBe(204)
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })
})

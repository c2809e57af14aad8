import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Desk, startDesk } from '../support/desk.ts'
import { json } from '../support/json.ts'
import { freePort } from '../support/keydesk-process.ts'
import { describeInPython, type PythonService, startUvicorn } from '../support/python.ts'
import { sendRaw } from '../support/raw-request.ts'

const reports = '/key/reports'

describeInPython('the FastAPI example, asked with an API key', () => {
  let desk: Desk
  let service: PythonService
  let key: string
  beforeAll(async () => {
    desk = await startDesk()
    service = await startUvicorn('fastapi', { KEYDESK_URL: desk.gateway.url })
    key = await desk.mint({ scopes: ['reports:read'] })
  })
  afterAll(async () => {
    await service?.close()
    await desk?.close()
  })
  const ask = (text: string, headers = {}) => service.fetch(reports, { 'x-api-key': text, ...headers })
  const codeOf = async (answer: Response) => (await json(answer)).detail.code

  test('a good key passes, and the route knows whose it is', async () => {
    const answer = await ask(key)
    expect(answer.status).toBe(200)
    expect(await json(answer)).toMatchObject({
      user_id: desk.userId,
      method: 'key',
      scopes: ['reports:read'],
    })
  })

  test('no key, an empty one and a forged one are 401, each with a challenge', async () => {
    const forged = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
    const answers = [await service.fetch(reports), await ask(''), await ask(forged), await ask('Grün')]
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
    for (const answer of answers) expect(answer.headers.get('www-authenticate')).toBeTruthy()
    const codes = ['missing_key', 'missing_key', 'invalid_key', 'invalid_key']
    expect(await Promise.all(answers.map(codeOf))).toEqual(codes)
  })

  test('two keys are 401, whichever is good', async () => {
    const headers = [
      ['X-API-Key', key],
      ['X-API-Key', key],
    ] as const
    expect((await sendRaw(service.url, { path: reports, headers }))?.status).toBe(401)
  })

  test('a key in the URL is not read', async () => {
    const other = await desk.mint({ scopes: ['reports:read'] })
    expect((await service.fetch(`${reports}?X-API-Key=${other}`)).status).toBe(401)
  })

  test('a revoked key is refused on the next request', async () => {
    const revoked = await desk.mint({ scopes: ['reports:read'] })
    expect((await ask(revoked)).status).toBe(200)
    await desk.revoke(revoked)
    const answer = await ask(revoked)
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'revoked_key'])
  })

  test('a key without the scope of the route is 403', async () => {
    const other = await desk.mint({ scopes: ['reports:write'] })
    const answer = await ask(other)
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'insufficient_scope'])
  })

  test('a key that was used too often is 429, with when to come again', async () => {
    const rate_limit = { limit: 1, window_seconds: 3600 }
    const limited = await desk.mint({ scopes: ['reports:read'], rate_limit })
    expect((await ask(limited)).status).toBe(200)
    const answer = await ask(limited)
    expect([answer.status, await codeOf(answer)]).toEqual([429, 'rate_limited'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('a key with allowed addresses is judged by its caller’s address, which the caller cannot choose', async () => {
    const bound = await desk.mint({ scopes: ['reports:read'], allowed_addresses: ['192.0.2.7'] })
    expect((await ask(bound, { 'x-forwarded-for': '192.0.2.7' })).status).toBe(200)
    expect((await ask(bound, { 'x-forwarded-for': '192.0.2.8' })).status).toBe(403)
    expect((await ask(bound, { 'x-forwarded-for': '192.0.2.7, 192.0.2.8' })).status).toBe(403)
    const direct = await startUvicorn('fastapi', { KEYDESK_URL: desk.gateway.url, PROXIES: '192.0.2.1' })
    const spoofed = await direct.fetch(reports, { 'x-api-key': bound, 'x-forwarded-for': '192.0.2.7' })
    expect(spoofed.status).toBe(403)
    await direct.close()
  })

  test('nothing that it says holds the key', async () => {
    expect((await ask(key)).status).toBe(200)
    expect(service.log()).not.toContain(key.slice(16, 40))
  })
})

describeInPython('the FastAPI example with Keydesk gone or not itself', () => {
  const shown = { 'x-api-key': 'kd_whatever' }
  const good = {
    valid: true,
    user: { id: 'usr_1', email: null, name: 'Somebody', role: 'member', groups: [] },
    key: { scopes: ['reports:read'] },
  }

  let stranger: Server
  let service: PythonService
  beforeAll(async () => {
    stranger = createServer()
    await new Promise<void>((listening) => stranger.listen(0, '127.0.0.1', listening))
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
    service = await startUvicorn('fastapi', { KEYDESK_URL: url })
  })
  afterAll(async () => {
    await service?.close()
    stranger?.closeAllConnections()
    stranger?.close()
  })

  /** What the example answers when this stands where Keydesk should. */
  async function answerWith(listener: RequestListener): Promise<Response> {
    stranger.removeAllListeners('request').on('request', listener)
    return service.fetch(reports, shown)
  }

  test('a good key is 503 from the moment that Keydesk is stopped', async () => {
    const desk = await startDesk()
    const key = await desk.mint({ scopes: ['reports:read'] })
    const service = await startUvicorn('fastapi', { KEYDESK_URL: desk.gateway.url })
    const ask = async () => (await service.fetch(reports, { 'x-api-key': key })).status
    expect(await ask()).toBe(200)
    await desk.close()
    expect(await ask()).toBe(503)
    await service.close()
  })

  test('nobody there is 503, never a pass', async () => {
    const service = await startUvicorn('fastapi', { KEYDESK_URL: `http://127.0.0.1:${await freePort()}` })
    expect((await service.fetch(reports, shown)).status).toBe(503)
    await service.close()
  })

  test('an answer that drips, or never comes, is 503 after three seconds', async () => {
    const answer = await answerWith((_, response) => {
      const drip = setInterval(() => response.write(' '), 200)
      response.on('close', () => clearInterval(drip))
      response.writeHead(200, { 'content-type': 'application/json' })
    })
    expect(answer.status).toBe(503)
  })

  test('a 200 that says valid passes, so what follows fails for its own reason', async () => {
    expect((await answerWith((_, response) => void response.end(JSON.stringify(good)))).status).toBe(200)
  })

  test.each([
    ['a 200 that does not say valid', 200, JSON.stringify({ ...good, valid: false })],
    ['a 200 that names nobody', 200, JSON.stringify({ valid: true, key: good.key })],
    ['a 200 that is a page', 200, '<h1>Welcome</h1>'],
    ['a 200 without a body', 200, ''],
    ['a redirect', 302, ''],
    ['a failure', 500, '{"code": "internal"}'],
    ['an unavailable Keydesk', 503, '{"code": "unavailable"}'],
    ['a 401 of something else', 401, 'Unauthorized'],
  ])('%s is 503', async (_, status, body) => {
    const answer = await answerWith((_request, response) => {
      response.writeHead(status, { location: 'https://elsewhere.example/' }).end(body)
    })
    expect(answer.status).toBe(503)
  })
})

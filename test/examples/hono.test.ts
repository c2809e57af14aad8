import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../examples/hono/app.ts'
import { keydesk } from '../../examples/hono/keydesk.ts'
import { type Desk, startDesk } from '../support/desk.ts'
import { type ExampleIssuer, startExampleIssuer } from '../support/example-issuer.ts'
import { json } from '../support/json.ts'
import { freePort } from '../support/keydesk-process.ts'

type App = ReturnType<typeof createApp>
const audiences = ['hono', 'https://dashboard.acme.test']

describe('the Hono example, asked with an API key', () => {
  let desk: Desk
  let app: App
  let key: string
  beforeAll(async () => {
    desk = await startDesk()
    app = createApp({ url: desk.gateway.url, audiences })
    key = await desk.mint({ scopes: ['reports:read'] })
  })
  afterAll(() => desk?.close())
  const ask = (text: string) => app.request('/key/reports', { headers: { 'x-api-key': text } })
  const codeOf = async (answer: Response) => (await json(answer)).code

  test('a good key passes, and the route knows whose it is', async () => {
    const answer = await ask(key)
    expect(answer.status).toBe(200)
    expect(await json(answer)).toMatchObject({
      userId: desk.userId,
      method: 'key',
      scopes: ['reports:read'],
    })
  })

  test('no key, a forged one and two at once are 401 with a challenge', async () => {
    const twice = new Headers([
      ['x-api-key', key],
      ['x-api-key', key],
    ])
    const answers = [
      await app.request('/key/reports'),
      await ask('kd_forged'),
      await app.request('/key/reports', { headers: twice }),
    ]
    for (const answer of answers)
      expect([answer.status, answer.headers.has('www-authenticate')]).toEqual([401, true])
    expect(await Promise.all(answers.map(codeOf))).toEqual(['missing_key', 'invalid_key', 'invalid_key'])
  })

  test('a revoked key is refused on the next request', async () => {
    const revoked = await desk.mint({ scopes: ['reports:read'] })
    expect((await ask(revoked)).status).toBe(200)
    await desk.revoke(revoked)
    const answer = await ask(revoked)
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'revoked_key'])
  })

  test('a key without the scope of the route is 403', async () => {
    const answer = await ask(await desk.mint({ scopes: ['reports:write'] }))
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'insufficient_scope'])
  })

  test('a key that was used too often is 429, with when to come again', async () => {
    const rate_limit = { limit: 1, window_seconds: 3600 }
    const text = await desk.mint({ scopes: ['reports:read'], rate_limit })
    expect((await ask(text)).status).toBe(200)
    const answer = await ask(text)
    expect([answer.status, await codeOf(answer)]).toEqual([429, 'rate_limited'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('a key with allowed addresses is judged by the address that the service names', async () => {
    const text = await desk.mint({ allowed_addresses: ['192.0.2.7'] })
    const statusFrom = async (address: string) => {
      const guard = keydesk({ url: desk.gateway.url, addressOf: () => address })
      const guarded = createApp({ url: desk.gateway.url, audiences }).get('/', guard, (c) => c.text('in'))
      return (await guarded.request('/', { headers: { 'x-api-key': text } })).status
    }
    expect([await statusFrom('192.0.2.7'), await statusFrom('192.0.2.8')]).toEqual([200, 403])
  })

  test('Keydesk gone is 503, never a pass', async () => {
    const alone = createApp({ url: `http://127.0.0.1:${await freePort()}`, audiences })
    const answer = await alone.request('/key/reports', { headers: { 'x-api-key': key } })
    expect(answer.status).toBe(503)
  })
})

describe('the Hono example, asked with a JWT', () => {
  let issuer: ExampleIssuer
  let app: App
  beforeAll(async () => {
    issuer = await startExampleIssuer()
    app = createApp({ url: issuer.url, audiences })
  })
  afterAll(() => issuer?.close())
  const ask = (token: string, path = '/jwt/reports') =>
    app.request(path, { headers: { authorization: `Bearer ${token}` } })
  const sign: ExampleIssuer['sign'] = (claims, signedWith) =>
    issuer.sign({ aud: 'hono', ...claims }, signedWith)
  const seconds = Math.floor(Date.now() / 1000)

  test('a good one passes for each audience of the list', async () => {
    for (const aud of audiences) {
      const answer = await ask(await sign({ aud }))
      expect(answer.status).toBe(200)
      expect(await json(answer)).toMatchObject({ userId: 'user-1', roles: ['user', 'finance'] })
    }
  })

  test.each([
    ['expired', { exp: seconds - 60, iat: seconds - 360 }],
    ['for another audience', { aud: 'billing' }],
    ['without an end', { exp: null }],
    ['of another issuer', { iss: 'https://keys.elsewhere.test' }],
  ])('one %s is 401', async (_, claims) => {
    const answer = await ask(await sign(claims))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('invalid_token')
  })

  test('one that nobody signed, or a shared secret, or that names an unknown key, is 401', async () => {
    const key = new Uint8Array(32)
    const tokens = [
      issuer.unsigned(),
      await sign({}, { alg: 'HS256', key }),
      await sign({}, { kid: 'unknown' }),
    ]
    for (const token of [...tokens, 'a.b.c', '', `${await sign()}A`])
      expect((await ask(token)).status, token.slice(0, 40)).toBe(401)
    expect((await app.request('/jwt/me')).status).toBe(401)
  })

  test('one without the scope or the role of the route is 403', async () => {
    expect((await ask(await sign({ scope: 'reports:write' }))).status).toBe(403)
    expect((await ask(await sign(), '/jwt/admin')).status).toBe(403)
    expect((await ask(await sign({ roles: ['admin'] }), '/jwt/admin')).status).toBe(200)
  })

  test('with nobody who could tell the keys it is 503', async () => {
    const alone = createApp({ url: `http://127.0.0.1:${await freePort()}`, audiences })
    const authorization = `Bearer ${await sign()}`
    expect((await alone.request('/jwt/me', { headers: { authorization } })).status).toBe(503)
  })

  test('without an audience there is no middleware', () => {
    expect(() => createApp({ url: issuer.url, audiences: [] })).toThrow('at least one audience')
  })
})

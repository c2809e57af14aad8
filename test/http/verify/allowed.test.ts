import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { app, identityOf, proxies, withBearer, withKey, withSession } from '../../support/verify.ts'
import { startVerifyContext, type VerifyContext } from './verify-context.ts'

/** What every answer of Keydesk carries, and what the connection adds. */
const ofEveryAnswer = [
  'cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'date',
  'referrer-policy',
  'x-content-type-options',
  'x-frame-options',
  'x-request-id',
]
const identityNames = ['user', 'email', 'name', 'role', 'groups', 'method', 'key-id', 'scopes', 'jwt'].map(
  (name) => `x-auth-request-${name}`,
)
const remoteNames = ['remote-user', 'remote-email', 'remote-name', 'remote-groups']

describe.each(proxies)('a request that may pass, for %s', (proxy) => {
  let context: VerifyContext
  let key: string
  let secret: string
  beforeAll(async () => {
    context = await startVerifyContext()
    key = await context.desk.mint({ scopes: ['reports:read', 'reports:write'] })
    secret = (await context.session()).secret
  })
  afterAll(() => context?.close())

  test.each([
    ['a key', () => withKey(key)],
    ['a key as Bearer', () => withBearer(key)],
    ['a session', () => withSession(secret)],
  ])(
    'is answered for %s by exactly 200, nothing in the body, and exactly these headers',
    async (_, shown) => {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        const answer = await context.ask(proxy, { method, headers: shown() })
        expect([answer.status, answer.body], method).toEqual([200, ''])
        expect(Object.keys(answer.headers).sort(), method).toEqual(
          [...ofEveryAnswer, ...identityNames].sort(),
        )
        expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-length': '0' })
      }
    },
  )

  test('says who it is, by a key', async () => {
    const { jwt, ...identity } = identityOf(await context.ask(proxy, { headers: withKey(key) }))
    expect(identity).toEqual({
      user: context.desk.userId,
      email: `${context.desk.userId}@desk.test`,
      name: 'Dana Desk',
      role: 'member',
      groups: '',
      method: 'key',
      'key-id': key.split('_')[1],
      scopes: 'reports:read reports:write',
    })
    expect(jwt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  test('says who it is, by a session, and by a JWT', async () => {
    const bySession = identityOf(await context.ask(proxy, { headers: withSession(secret) }))
    expect(bySession).toMatchObject({
      email: 'alice@example.com',
      name: 'Alice Example',
      method: 'session',
      'key-id': '',
      scopes: '',
    })
    const byJwt = identityOf(await context.ask(proxy, { headers: withBearer(bySession.jwt ?? '') }))
    expect({ ...byJwt, jwt: '' }).toEqual({ ...bySession, method: 'jwt', jwt: '' })
    const ofKey = await context.jwtFor(key)
    expect(identityOf(await context.ask(proxy, { headers: withBearer(ofKey) }))).toMatchObject({
      method: 'jwt',
      'key-id': key.split('_')[1],
      scopes: 'reports:read reports:write',
    })
  })

  test('hands on a JWT for this very app, which our published keys prove', async () => {
    const keys = createLocalJWKSet(await json(await context.gateway.fetch('/.well-known/jwks.json')))
    for (const [host, origin] of [
      ['App.Example.com.:443', app],
      ['app.example.com:8443', `${app}:8443`],
    ] as const) {
      const { jwt = '' } = identityOf(await context.ask(proxy, { host, headers: withKey(key) }))
      const { payload } = await jwtVerify(jwt, keys, { issuer: context.gateway.url, audience: origin })
      expect(payload).toMatchObject({
        sub: context.desk.userId,
        scope: 'reports:read reports:write',
        key_id: key.split('_')[1],
      })
    }
  })

  test('gives the same JWT for a minute: a signature is not made for each request', async () => {
    const jwts = new Set<string>()
    for (let n = 0; n < 20; n += 1)
      jwts.add(identityOf(await context.ask(proxy, { headers: withKey(key), target: `/${n}` })).jwt ?? '')
    // A minute may end in between.
    expect(jwts.size).toBeLessThanOrEqual(2)
  })

  test('never tells of rights on Keydesk itself', async () => {
    const strong = await context.desk.mint({ scopes: ['keydesk:introspect', 'a'] })
    const { scopes, jwt = '' } = identityOf(await context.ask(proxy, { headers: withKey(strong) }))
    expect(scopes).toBe('a')
    expect(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).not.toContain('keydesk:')
  })

  test('writes names and groups as safe ASCII', async () => {
    const id = await context.desk.addUser()
    await context.desk.sql('UPDATE users SET name = ? WHERE id = ?', 'Zoë\r\nX-Auth-Request-Role: admin', id)
    await context.changeUser(id, { groups: ['ops', 'team:a'] })
    const hers = await context.desk.mint({ user_id: id })
    expect(identityOf(await context.ask(proxy, { headers: withKey(hers) }))).toMatchObject({
      name: 'Zo%C3%AB%0D%0AX-Auth-Request-Role: admin',
      groups: 'ops,team:a',
      role: 'member',
    })
  })

  test('says what is left of the limit of a key, and when it retires', async () => {
    const limited = await context.desk.mint({ rate_limit: { limit: 5, window_seconds: 60 } })
    const answer = await context.ask(proxy, { headers: withKey(limited) })
    expect(answer.headers).toMatchObject({ 'ratelimit-policy': '"key";q=5;w=60' })
    const id = limited.split('_')[1]
    await context.gateway.asAdmin(`/admin/keys/${id}/rotate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    const retiring = await context.ask(proxy, { headers: withKey(limited) })
    expect(retiring.headers['x-key-retires-at']).toMatch(/^\d{4}-.*Z$/)
  })
})

describe('with IDENTITY_HEADERS=remote', () => {
  let context: VerifyContext
  beforeAll(async () => {
    context = await startVerifyContext({ IDENTITY_HEADERS: 'remote', KEY_LEASE: '30d' })
  })
  afterAll(() => context?.close())

  test.each(proxies)('%s gets both families, which say the same', async (proxy) => {
    const key = await context.desk.mint()
    const { headers } = await context.ask(proxy, { headers: withKey(key) })
    const known = [...ofEveryAnswer, ...identityNames, ...remoteNames, 'x-key-lease-until']
    expect(Object.keys(headers).sort()).toEqual(known.sort())
    for (const name of ['user', 'email', 'name', 'groups'])
      expect(headers[`remote-${name}`]).toBe(headers[`x-auth-request-${name}`])
  })
})

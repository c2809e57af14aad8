import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { identityOf, proxies, refusalOf, withBearer, withKey, withSession } from '../../support/verify.ts'
import { startVerifyContext, type VerifyContext } from './verify-context.ts'

describe.each(proxies)('a JWT as a credential, for %s', (proxy) => {
  let context: VerifyContext
  let clock: number | null = null
  let key: string
  beforeAll(async () => {
    clock = null
    context = await startVerifyContext({}, { now: () => new Date(clock ?? Date.now()) })
    key = await context.desk.mint({ scopes: ['a', 'b'] })
  })
  afterAll(() => context?.close())

  const ask = (jwt: string, more: object = {}) => context.ask(proxy, { headers: withBearer(jwt), ...more })
  const outcome = async (jwt: string, more: object = {}) => refusalOf(await ask(jwt, more))
  const good = [200, undefined]
  const bad = [401, 'invalid_key']

  test('is good at the app whose origin is its audience, however that is written, and at no other', async () => {
    const jwt = await context.jwtFor(key)
    for (const host of ['app.example.com', 'APP.example.com', 'app.example.com.', 'app.example.com:443'])
      expect(await outcome(jwt, { host }), host).toEqual(good)
    for (const host of ['other.example.com', 'app.example.com:8443', 'sub.app.example.com', 'example.com'])
      expect(await outcome(jwt, { host }), host).toEqual(bad)
    expect(await outcome(jwt, { scheme: 'http' })).toEqual(bad)
  })

  test('is refused when it is altered, unsigned, signed by another key, or names another kid', async () => {
    const jwt = await context.jwtFor(key)
    const [header = '', payload = '', signature = ''] = jwt.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString())
    const claims = decode(payload)
    const { privateKey } = await generateKeyPair('ES256')
    const signed = (protectedHeader: { alg: string; kid?: string }) =>
      new SignJWT(claims).setProtectedHeader(protectedHeader).sign(privateKey)
    const { kid } = decode(header)
    for (const text of [
      `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      `${encode({ alg: 'none', kid, typ: 'JWT' })}.${payload}.${signature}`,
      `${encode({ alg: 'HS256', kid, typ: 'JWT' })}.${payload}.${signature}`,
      `${encode({ ...decode(header), kid: 'other' })}.${payload}.${signature}`,
      `${header}.${encode({ ...claims, sub: 'usr_other' })}.${signature}`,
      `${header}.${encode({ ...claims, scope: 'a b admin' })}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}.`,
      await signed({ alg: 'ES256', kid }),
      await signed({ alg: 'ES256', kid: 'other' }),
      await signed({ alg: 'ES256' }),
      `${jwt}x`,
      `${jwt} ${jwt}`,
    ]) {
      const answer = await ask(text)
      // What has not even the form of one is the app's own business.
      const isOurs = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text) || text.includes(' ')
      expect(isOurs ? refusalOf(answer) : answer.status, text.slice(0, 80)).toEqual(isOurs ? bad : 401)
    }
    expect(await outcome(jwt)).toEqual(good)
  })

  test('is refused when it has expired, to the second', async () => {
    const jwt = await context.jwtFor(key)
    const { exp } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
    clock = exp * 1000 - 1
    expect(await outcome(jwt)).toEqual(good)
    clock = exp * 1000
    expect(await outcome(jwt)).toEqual(bad)
    clock = null
  })

  test('dies with its key: revoked, expired, disabled, from elsewhere', async () => {
    const doomed = await context.desk.mint({ allowed_addresses: ['192.0.2.0/24'] })
    const jwt = await context.jwtFor(doomed)
    expect(await outcome(jwt)).toEqual(good)
    expect(await outcome(jwt, { client: '198.51.100.1' })).toEqual([403, 'not_allowed'])
    expect(await outcome(jwt, { client: null })).toEqual([403, 'not_allowed'])
    await context.desk.revoke(doomed)
    expect(await outcome(jwt)).toEqual([401, 'revoked_key'])
    const id = await context.desk.addUser()
    const theirs = await context.jwtFor(await context.desk.mint({ user_id: id }))
    await context.changeUser(id, { status: 'disabled' })
    expect(await outcome(theirs)).toEqual([401, 'user_disabled'])
  })

  test('brings its app no JWT that outlives it, however often that one is shown in its place', async () => {
    const begun = Date.now()
    const shown = [await context.jwtFor(key)]
    const endOf = (jwt = '') =>
      JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).exp as number
    for (let minutes = 1; minutes < 5; minutes += 1) {
      clock = begun + minutes * 60_000
      shown.push(identityOf(await ask(shown.at(-1) ?? '')).jwt ?? '')
    }
    expect(shown.map(endOf)).toEqual(shown.map(() => endOf(shown[0])))
    clock = endOf(shown[0]) * 1000
    for (const jwt of shown) expect(await outcome(jwt)).toEqual(bad)
    clock = null
  })

  test('dies with its session', async () => {
    const browser = await context.session()
    const { jwt = '' } = identityOf(await context.ask(proxy, { headers: withSession(browser.secret) }))
    expect(await outcome(jwt)).toEqual(good)
    await browser.jar.fetch('/auth/logout', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
    expect(await outcome(jwt)).toEqual(bad)
  })

  test('carries the scopes that it says, as long as its key carries them too', async () => {
    const id = await context.desk.addUser()
    const theirs = await context.desk.mint({ user_id: id, scopes: ['a', 'b'] })
    const jwt = await context.jwtFor(theirs)
    expect(await outcome(jwt, { demands: 'scope=a&scope=b' })).toEqual(good)
    expect(await outcome(jwt, { demands: 'scope=c' })).toEqual([403, 'insufficient_scope'])
    await context.changeUser(id, { scope_limit: ['a'] })
    expect(await outcome(jwt, { demands: 'scope=b' })).toEqual([403, 'insufficient_scope'])
    expect(identityOf(await ask(jwt))).toMatchObject({ scopes: 'a', method: 'jwt' })
  })

  test('opens nothing of Keydesk itself', async () => {
    const jwt = await context.jwtFor(key)
    for (const path of ['/v1/validate', '/v1/key', '/admin/keys', '/auth/session']) {
      for (const headers of [
        new Headers({ authorization: `Bearer ${jwt}` }),
        new Headers({ 'x-api-key': jwt }),
      ])
        expect((await context.gateway.fetch(path, { headers })).status, path).toBe(401)
    }
    expect(refusalOf(await context.ask(proxy, { headers: withKey(jwt) }))).toEqual(bad)
  })
})

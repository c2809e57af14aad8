import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDesk, type Desk, idOf } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { startSignInGateway } from '../../support/sign-in.ts'
import { appOrigin, codeFor, codeSettings, exchangeAt } from './auth-code-context.ts'
import { introspected, postForm, refusalOf, tokenFor } from './standards-context.ts'

const dead = { active: false }

describe('JWTs and the standards', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  let desk: Desk
  let asker: string
  let now = Math.floor(Date.now() / 1000) * 1000
  const ask = (token: string) => introspected(desk, asker, token)
  beforeAll(async () => {
    context = await startSignInGateway(
      { ...codeSettings, JWT_AUDIENCES: 'orders', USAGE_FLUSH_INTERVAL: '1h' },
      { now: () => new Date(now) },
    )
    desk = await createDesk(context.gateway, context.standIn.issuer)
    asker = await desk.mint({ scopes: ['keydesk:introspect'] })
  })
  afterAll(() => context?.close())

  test('the JWT of a key is live for as long as its key is', async () => {
    const key = await desk.mint({ scopes: ['a', 'b'] })
    const jwt = await tokenFor(desk.gateway, { 'x-api-key': key }, { scope: 'a' })
    const { iat, exp, jti } = decodeJwt(jwt)
    expect(await ask(jwt)).toEqual({
      active: true,
      scope: 'a',
      client_id: idOf(key),
      username: `${desk.userId}@desk.test`,
      token_type: 'Bearer',
      iat,
      exp,
      sub: desk.userId,
      iss: desk.gateway.url,
      aud: 'orders',
      jti,
      name: 'Dana Desk',
      role: 'member',
      groups: [],
    })
    await desk.revoke(key)
    expect(await ask(jwt)).toEqual(dead)
  })

  test('the JWT of a session is live until somebody signs out', async () => {
    const { code, verifier, jar } = await codeFor(context)
    const { access_token } = await json(await exchangeAt(desk.gateway, { code, verifier }))
    const told = await ask(access_token)
    expect(told).toMatchObject({ active: true, username: 'alice@example.com', aud: appOrigin, scope: '' })
    expect(told).not.toHaveProperty('client_id')
    await jar.fetch('/auth/logout', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
    expect(await ask(access_token)).toEqual(dead)
  })

  test('one that has expired, or in which anything was changed, is not live', async () => {
    const jwt = await tokenFor(desk.gateway, { 'x-api-key': await desk.mint() })
    const [header = '', payload = '', signature = ''] = jwt.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'usr_other' })).toString('base64url')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const token of [
      `${header}.${forged}.${signature}`,
      `${none}.${payload}.`,
      `${jwt}A`,
      jwt.slice(0, -2),
    ])
      expect(await ask(token)).toEqual(dead)
    expect(await ask(jwt)).toMatchObject({ active: true })
    now += 300_000
    expect(await ask(jwt)).toEqual(dead)
  })

  test('asking is no use of its key: no limit, no count, and from anywhere', async () => {
    const key = await desk.mint({
      rate_limit: { limit: 2, window_seconds: 3600 },
      allowed_addresses: ['203.0.113.0/24', '2001:db8::/32'],
    })
    const place = { 'x-forwarded-for': '203.0.113.9' }
    const jwt = await tokenFor(desk.gateway, { 'x-api-key': key, ...place })
    for (let count = 0; count < 4; count += 1) expect(await ask(jwt)).toMatchObject({ active: true })
    await desk.gateway.restart()
    expect(await desk.read(key)).toMatchObject({ request_count: 1 })
    expect(await desk.codeFor(key, '', place)).toBe('valid')
  })

  test('a JWT is no token that can be stopped by itself', async () => {
    const key = await desk.mint()
    const jwt = await tokenFor(desk.gateway, { 'x-api-key': key })
    const answer = await postForm(desk.gateway, '/v1/revoke', { token: jwt })
    expect(await refusalOf(answer)).toEqual([400, 'unsupported_token_type'])
    expect(await desk.codeFor(key)).toBe('valid')
    expect(desk.gateway.log.join('')).not.toContain(jwt.slice(-40))
  })

  test('a page of another origin that may call gets nothing for a cookie, not even from a sibling domain', async () => {
    const { jar } = await codeFor(context)
    const cookie = `__Host-keydesk=${jar.cookies.get('__Host-keydesk')}`
    for (const site of ['same-site', 'cross-site', 'same-origin', 'none']) {
      const headers = { cookie, origin: appOrigin, 'sec-fetch-site': site }
      const answer = await postForm(desk.gateway, '/v1/token', {}, headers)
      expect(answer.headers.get('access-control-allow-origin')).toBe(appOrigin)
      expect(await refusalOf(answer)).toEqual([401, 'invalid_client'])
    }
    const own = { cookie, 'sec-fetch-site': 'same-origin' }
    expect((await postForm(desk.gateway, '/v1/token', {}, own)).status).toBe(200)
  })
})

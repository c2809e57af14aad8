import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDesk, type Desk, deskSettings, idOf, otherSecretOf, startDesk } from '../../support/desk.ts'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { postForm, refusalOf } from './standards-context.ts'

const reason = 'stopped by somebody who holds it'

describe('POST /v1/revoke', () => {
  let desk: Desk
  const stop = (token: string, headers: Record<string, string> = {}) =>
    postForm(desk.gateway, '/v1/revoke', { token }, headers)
  const revocationsOf = async (key: string) =>
    (await json(await desk.gateway.asAdmin(`/admin/audit?action=key.revoked&target=key:${idOf(key)}`))).data
  beforeAll(async () => {
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' })
  })
  afterAll(() => desk?.close())

  test('whoever holds a key stops it, and it is refused on the next request', async () => {
    const key = await desk.mint()
    expect(await desk.codeFor(key)).toBe('valid')
    const answer = await stop(key, { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'finder/1' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await desk.codeFor(key)).toBe('revoked_key')
    expect(await desk.read(key)).toMatchObject({ status: 'revoked', revoked_reason: reason })
  })

  test('white space around it does not matter: it is pasted from where it was found', async () => {
    for (const around of ['\n', ' ', '\t', '\r\n']) {
      const key = await desk.mint()
      expect((await stop(`${around}${key}${around}`)).status).toBe(200)
      expect(await desk.codeFor(key)).toBe('revoked_key')
    }
  })

  test('the audit trail says that the key did it, from where, and why in fixed words', async () => {
    const key = await desk.mint()
    await stop(key, { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'finder/1' })
    const [event, ...others] = await revocationsOf(key)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      actor: `key:${idOf(key)}`,
      target: `key:${idOf(key)}`,
      facts: { user_id: desk.userId, reason },
      details: { address: '203.0.113.7', user_agent: 'finder/1' },
    })
  })

  test('stopping it again is 200, and changes nothing', async () => {
    const key = await desk.mint()
    await stop(key)
    const { revoked_at } = await desk.read(key)
    expect((await stop(key)).status).toBe(200)
    expect((await desk.read(key)).revoked_at).toBe(revoked_at)
    const revoked = await desk.mint()
    await desk.gateway.asAdmin(`/admin/keys/${idOf(revoked)}?reason=laptop`, { method: 'DELETE' })
    expect((await stop(revoked)).status).toBe(200)
    expect(await desk.read(revoked)).toMatchObject({ revoked_reason: 'laptop' })
    expect(await revocationsOf(revoked)).toHaveLength(1)
  })

  test('a key that is refused for another reason can be stopped all the same, and that is no use of it', async () => {
    const owner = await desk.addUser()
    const disabled = await desk.mint({ user_id: owner })
    const elsewhere = await desk.mint({ allowed_addresses: ['192.0.2.1'] })
    const expired = await desk.mint()
    await desk.sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', new Date(1), idOf(expired))
    await desk.sql(`UPDATE users SET status = 'disabled' WHERE id = ?`, owner)
    for (const key of [disabled, elsewhere, expired]) {
      expect((await stop(key)).status).toBe(200)
      expect(await desk.read(key)).toMatchObject({ status: 'revoked', request_count: 0 })
    }
    expect(
      (await json(await desk.gateway.asAdmin(`/admin/keys/${idOf(elsewhere)}`))).last_refusals ?? [],
    ).toEqual([])
  })

  test('what is no key of ours is 200 as well, stops nothing, and is told by nothing', async () => {
    const key = await desk.mint()
    const [otherSecret = ''] = await otherSecretOf(desk.gateway, key)
    const forged = `${key.slice(0, -16)}${'0'.repeat(16)}`
    const tokens = [
      'x',
      '🔑',
      '\u0000',
      "' OR 1=1 --",
      'x'.repeat(50_000),
      `${key}x`,
      key.slice(0, -1),
      forged,
    ]
    for (const token of [...tokens, otherSecret, idOf(key), desk.gateway.masterKey, 'a.b.c']) {
      const answer = await stop(token)
      expect([answer.status, await answer.text()], token.slice(0, 40)).toEqual([200, ''])
    }
    expect(await desk.codeFor(key)).toBe('valid')
    expect(await revocationsOf(key)).toEqual([])
  })

  test('it is no door to any other key: a credential beside the token counts for nothing', async () => {
    const [held, own] = [await desk.mint(), await desk.mint()]
    await stop(held, { 'x-api-key': own })
    await stop('x', { authorization: `Bearer ${own}` })
    expect(await desk.codeFor(own)).toBe('valid')
    expect(await desk.codeFor(held)).toBe('revoked_key')
  })

  test('a JWT of ours is 400 unsupported_token_type, genuine or not', async () => {
    const payload = Buffer.from(JSON.stringify({ iss: desk.gateway.url })).toString('base64url')
    expect(await refusalOf(await stop(`eyJhbGciOiJFUzI1NiJ9.${payload}.AAAA`))).toEqual([
      400,
      'unsupported_token_type',
    ])
  })

  test.each([
    ['no token', ''],
    ['an empty one', 'token='],
    ['two', 'token=a&token=b'],
    ['an unknown member', 'token=a&reason=b'],
  ])('%s is 400', async (_, form) => {
    expect(await refusalOf(await postForm(desk.gateway, '/v1/revoke', form))).toEqual([
      400,
      'invalid_request',
    ])
  })

  test('a key in the URL is not read, and a form is wanted: 400, 415, and 405 to GET', async () => {
    const key = await desk.mint()
    const inUrl = await postForm(desk.gateway, `/v1/revoke?token=${key}`, { token: key })
    expect(await refusalOf(inUrl)).toEqual([400, 'invalid_request'])
    const asJson = await desk.gateway.fetch('/v1/revoke', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: key }),
    })
    expect(asJson.status).toBe(415)
    const got = await desk.gateway.fetch(`/v1/revoke?token=${key}`)
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await desk.codeFor(key)).toBe('valid')
  })

  test('a key that was sent without its name in front is 400, and not repeated', async () => {
    const key = await desk.mint()
    const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0.AAAA'
    for (const body of [key, `${key}=`, `token=x&${key}`, jwt, key.toLowerCase()]) {
      for (const path of ['/v1/revoke', '/v1/token', '/auth/exchange']) {
        const answer = await postForm(desk.gateway, path, body)
        expect(answer.status, path).toBe(400)
        expect(await answer.text()).not.toContain(body.replace(/^token=x&|=$/g, ''))
      }
    }
    expect(await desk.codeFor(key)).toBe('valid')
  })

  test('what OAuth clients without a secret send beside it is taken', async () => {
    const key = await desk.mint()
    const fields = { token: key, token_type_hint: 'access_token', client_id: 'anything' }
    expect((await postForm(desk.gateway, '/v1/revoke', fields)).status).toBe(200)
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })

  test('no key that was shown is in the log', async () => {
    const key = await desk.mint()
    await stop(key)
    await stop(`${key}x`)
    await postForm(desk.gateway, `/v1/revoke?token=${key}`, {})
    expect(desk.gateway.log.join('')).not.toContain(key.slice(16))
  })
})

describe('POST /v1/revoke and who tries many', () => {
  test('counts what fails, with every other failing credential, and each request by its address', async () => {
    const gateway = await startGateway({
      ...deskSettings,
      FAILURE_RATE_LIMIT: '3/1h',
      AUTH_RATE_LIMIT: '5/1h',
    })
    const desk = await createDesk(gateway)
    const key = await desk.mint()
    const stop = (token: string) => postForm(gateway, '/v1/revoke', { token })
    expect(await desk.codeFor('x')).toBe('invalid_key')
    expect((await stop('x')).status).toBe(200)
    expect((await stop('y')).status).toBe(200)
    const fourth = await stop('z')
    expect([fourth.status, fourth.headers.get('ratelimit-policy')]).toEqual([429, '"failures";q=3;w=3600'])
    expect((await stop(key)).status).toBe(200)
    expect(await desk.read(key)).toMatchObject({ status: 'revoked' })
    expect((await stop(key)).status).toBe(200)
    const last = await stop(key)
    expect([last.status, last.headers.get('ratelimit-policy')]).toEqual([429, '"revoke";q=5;w=3600'])
    await gateway.close()
  })

  test('a key that came over plain http where https is spoken is refused, not stopped', async () => {
    const gateway = await startGateway({ ...deskSettings, AUTH_BASE_URL: 'https://keydesk.example.com' })
    const desk = await createDesk(gateway)
    const key = await desk.mint()
    const answer = await postForm(gateway, '/v1/revoke', { token: key }, { 'x-forwarded-proto': 'http' })
    expect(answer.status).toBe(403)
    expect(await desk.read(key)).toMatchObject({ status: 'active' })
    await gateway.close()
  })
})

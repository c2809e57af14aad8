import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, otherSecretOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { introspected, postForm, refusalOf } from './standards-context.ts'

const dead = { active: false }
const oneHourAgo = () => new Date(Date.now() - 3_600_000)

describe('POST /v1/introspect', () => {
  let desk: Desk
  let asker: string
  const ask = (token: string) => introspected(desk, asker, token)
  beforeAll(async () => {
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' })
    asker = await desk.mint({ name: 'gateway', scopes: ['keydesk:introspect'] })
  })
  afterAll(() => desk?.close())

  test('says of a live key whose it is, what it opens, and until when', async () => {
    const key = await desk.mint({ scopes: ['a', 'b'], expires_at: '2099-01-01T00:00:00Z' })
    const { created_at } = await desk.read(key)
    expect(await ask(key)).toEqual({
      active: true,
      scope: 'a b',
      client_id: idOf(key),
      username: `${desk.userId}@desk.test`,
      token_type: 'Bearer',
      exp: Date.parse('2099-01-01T00:00:00Z') / 1000,
      iat: Math.floor(Date.parse(created_at) / 1000),
      sub: desk.userId,
      iss: desk.gateway.url,
      name: 'Dana Desk',
      role: 'member',
      groups: [],
    })
  })

  test('leaves out what there is not: the end of a key that has none, the address of a service account', async () => {
    expect(await ask(await desk.mint())).not.toHaveProperty('exp')
    const account = await desk.gateway.asAdmin('/admin/service-accounts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'deploy bot', responsible_user_id: desk.userId }),
    })
    const told = await ask(await desk.mint({ user_id: (await json(account)).id }))
    expect(told).toMatchObject({ active: true, name: 'deploy bot' })
    expect(told).not.toHaveProperty('username')
  })

  test('shows the scopes that count, as of now', async () => {
    const owner = await desk.addUser()
    const key = await desk.mint({ user_id: owner, scopes: ['a', 'b'] })
    expect((await ask(key)).scope).toBe('a b')
    await desk.sql(`UPDATE users SET scope_limit = '["b"]' WHERE id = ?`, owner)
    expect((await ask(key)).scope).toBe('b')
  })

  test('a rotated key ends when it retires, where that is known to be before it expires', async () => {
    const key = await desk.mint({ expires_at: '2099-01-01T00:00:00Z' })
    const rotated = await desk.gateway.asAdmin(`/admin/keys/${idOf(key)}/rotate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(rotated.status).toBe(201)
    const { retires_at } = await desk.read(key)
    expect((await ask(key)).exp).toBe(Math.floor(Date.parse(retires_at) / 1000))
  })

  test('of whatever is not live the answer is one and the same', async () => {
    const owner = await desk.addUser()
    const [revoked, expired, disabled] = [
      await desk.mint(),
      await desk.mint(),
      await desk.mint({ user_id: owner }),
    ]
    await desk.revoke(revoked)
    await desk.sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', oneHourAgo(), idOf(expired))
    await desk.sql(`UPDATE users SET status = 'disabled' WHERE id = ?`, owner)
    const live = await desk.mint()
    const [otherSecret = ''] = await otherSecretOf(desk.gateway, live)
    const payload = Buffer.from(JSON.stringify({ iss: desk.gateway.url, sub: desk.userId })).toString(
      'base64url',
    )
    const garbage = [
      'x',
      ' ',
      'null',
      '🔑',
      '\u0000',
      "' OR 1=1 --",
      'x'.repeat(50_000),
      `${live}x`,
      live.slice(0, -1),
    ]
    const jwts = [`eyJhbGciOiJub25lIn0.${payload}.`, `eyJhbGciOiJFUzI1NiJ9.${payload}.AAAA`, 'a.b.c', '..']
    for (const token of [
      revoked,
      expired,
      disabled,
      otherSecret,
      desk.gateway.masterKey,
      ...garbage,
      ...jwts,
    ])
      expect(await ask(token), token.slice(0, 60)).toEqual(dead)
  })

  test('a key that its owner may not use any more is not live', async () => {
    const owner = await desk.addUser()
    const key = await desk.mint({ user_id: owner })
    expect(await ask(key)).toMatchObject({ active: true })
    const denied = await desk.gateway.asAdmin('/admin/access-rules', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'deny_email', value: `${owner}@desk.test` }),
    })
    expect(denied.status).toBe(201)
    expect(await ask(key)).toEqual(dead)
  })

  test('asking is no use of the key: no limit of it, no count, no refusal, and from anywhere', async () => {
    const key = await desk.mint({
      rate_limit: { limit: 1, window_seconds: 3600 },
      allowed_addresses: ['203.0.113.0/24'],
    })
    for (let count = 0; count < 5; count += 1) expect(await ask(key)).toMatchObject({ active: true })
    await desk.gateway.restart()
    expect(await desk.read(key)).toMatchObject({ request_count: 0, last_used_at: null })
    expect(await desk.codeFor(key)).toBe('not_allowed')
    const elsewhere = { 'x-forwarded-for': '203.0.113.9' }
    expect(await desk.codeFor(key, '', elsewhere)).toBe('valid')
    expect(await desk.codeFor(key, '', elsewhere)).toBe('rate_limited')
    expect(await ask(key)).toMatchObject({ active: true })
  })

  test('what is forged costs no hash and no query', async () => {
    const live = await desk.mint()
    const before = await desk.hashes()
    const forged = `${live.slice(0, -16)}${'0'.repeat(16)}`
    for (const token of [forged, forged.replace(idOf(live), '0'.repeat(12))])
      expect(await ask(token)).toEqual(dead)
    // That of the caller is remembered by now.
    expect(await desk.hashes()).toBe(before)
  })

  describe('the caller', () => {
    const asking = (headers: Record<string, string>, query = '') =>
      postForm(desk.gateway, `/v1/introspect${query}`, { token: asker }, headers)

    test('shows a key by either header, and both is none', async () => {
      expect((await asking({ 'x-api-key': asker })).status).toBe(200)
      expect((await asking({ authorization: `Bearer ${asker}` })).status).toBe(200)
      const both = await asking({ authorization: `Bearer ${asker}`, 'x-api-key': asker })
      expect(await refusalOf(both)).toEqual([401, 'invalid_client'])
    })

    test.each([
      ['nothing', {}],
      ['no key', { 'x-api-key': 'x' }],
      ['an empty one', { 'x-api-key': '' }],
      ['Basic', { authorization: 'Basic eDp5' }],
    ])('who shows %s is 401', async (_, headers) => {
      const answer = await asking(headers as Record<string, string>)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="keydesk"/)
      expect(await refusalOf(answer)).toEqual([401, 'invalid_client'])
    })

    test('a key in the URL is 401, and no caller', async () => {
      expect((await asking({}, `?access_token=${asker}`)).status).toBe(401)
      expect((await asking({ 'x-api-key': asker }, `?token=${asker}`)).status).toBe(401)
    })

    test('a key without the scope is 403, a dead one 401, the master key 401', async () => {
      const answer = await asking({ 'x-api-key': await desk.mint({ scopes: ['introspect'] }) })
      expect(await refusalOf(answer)).toEqual([403, 'insufficient_scope'])
      const gone = await desk.mint({ scopes: ['keydesk:introspect'] })
      await desk.revoke(gone)
      expect((await asking({ 'x-api-key': gone })).status).toBe(401)
      expect((await asking({ authorization: `Bearer ${desk.gateway.masterKey}` })).status).toBe(401)
    })

    test('is judged when all was sent: one whose key is revoked before the last byte is 401', async () => {
      const slow = await desk.mint({ scopes: ['keydesk:introspect'] })
      expect((await asking({ 'x-api-key': slow })).status).toBe(200)
      const body = `token=${asker}`
      const socket = connect(Number(new URL(desk.gateway.url).port), '127.0.0.1')
      socket.write(
        `POST /v1/introspect HTTP/1.1\r\nHost: keydesk\r\nX-API-Key: ${slow}\r\nExpect: 100-continue\r\n` +
          `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
      )
      // The headers are there: it is on its way.
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 100 /)
      await desk.revoke(slow)
      socket.write(body)
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 /)
    })

    test('has its own limit and its own count', async () => {
      const limited = await desk.mint({
        scopes: ['keydesk:introspect'],
        rate_limit: { limit: 2, window_seconds: 3600 },
      })
      const first = await asking({ 'x-api-key': limited })
      expect(first.headers.get('ratelimit')).toMatch(/^"key";r=1/)
      expect((await asking({ 'x-api-key': limited })).status).toBe(200)
      const third = await asking({ 'x-api-key': limited })
      expect(third.headers.get('retry-after')).toMatch(/^[0-9]+$/)
      expect(await refusalOf(third)).toEqual([429, 'temporarily_unavailable'])
      await desk.gateway.restart()
      expect(await desk.read(limited)).toMatchObject({ request_count: 2 })
    })
  })

  test.each([
    ['no token', ''],
    ['an empty one', 'token='],
    ['two', 'token=a&token=b'],
    ['an unknown member', 'token=a&scope=b'],
    ['two hints', 'token=a&token_type_hint=b&token_type_hint=c'],
  ])('%s is 400', async (_, form) => {
    const answer = await postForm(desk.gateway, '/v1/introspect', form, { 'x-api-key': asker })
    expect(await refusalOf(answer)).toEqual([400, 'invalid_request'])
  })

  test('a hint is taken, and a token is known by its form all the same', async () => {
    const fields = { token: asker, token_type_hint: 'refresh_token' }
    const answer = await postForm(desk.gateway, '/v1/introspect', fields, { 'x-api-key': asker })
    expect(await json(answer)).toMatchObject({ active: true, client_id: idOf(asker) })
  })

  test('what is no form is 415, and GET is 405', async () => {
    const headers = { 'x-api-key': asker, 'content-type': 'application/json' }
    const body = JSON.stringify({ token: asker })
    expect((await desk.gateway.fetch('/v1/introspect', { method: 'POST', headers, body })).status).toBe(415)
    const got = await desk.gateway.fetch(`/v1/introspect`, { headers: { 'x-api-key': asker } })
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('no token is in the log', () => {
    expect(desk.gateway.log.join('')).not.toContain(asker.slice(16))
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, otherSecretOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { request } from '../admin/people-context.ts'

describe('GET /v1/key', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' })
  })
  afterAll(() => desk.close())

  const ask = (headers: Record<string, string>, query = '') =>
    desk.gateway.fetch(`/v1/key${query}`, { headers })
  const known = async (key: string) => {
    const response = await ask({ 'x-api-key': key })
    expect(response.status, await response.clone().text()).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    return json(response)
  }
  const codeOf = async (response: Response) => [response.status, (await json(response)).code]

  test('says everything of a good key that its holder may know, and nothing more', async () => {
    const key = await desk.mint({ name: 'ci', scopes: ['a', 'b'], metadata: { team: 'x' } })
    const read = await desk.read(key)
    const { created_by: _, version: __, quiet_seconds: ___, owner, ...shown } = read
    expect(await known(key)).toEqual({
      valid: true,
      code: null,
      key: { ...shown, lease_until: null },
      user: owner,
      last_refusals: [],
    })
    const bearer = await json(await ask({ authorization: `Bearer ${key}` }))
    expect(bearer.key.id).toBe(idOf(key))
  })

  test('shows the scopes that count: cut to the limit of the owner', async () => {
    const owner = await desk.addUser()
    const key = await desk.mint({ user_id: owner, scopes: ['a', 'b'] })
    await desk.sql(`UPDATE users SET scope_limit = '["b"]' WHERE id = ?`, owner)
    expect((await known(key)).key.scopes).toEqual(['b'])
  })

  test('a revoked key learns that it is, when and why', async () => {
    const key = await desk.mint()
    await desk.gateway.asAdmin(`/admin/keys/${idOf(key)}?reason=laptop`, { method: 'DELETE' })
    expect(await known(key)).toMatchObject({
      valid: false,
      code: 'revoked_key',
      key: { status: 'revoked', revoked_at: expect.any(String), revoked_reason: 'laptop' },
    })
  })

  test('an expired key, one of a disabled owner and one from a wrong address learn that they are', async () => {
    const [expired, elsewhere] = [await desk.mint(), await desk.mint({ allowed_addresses: ['192.0.2.1'] })]
    await desk.sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', new Date(1), idOf(expired))
    const owner = await desk.addUser()
    const disabled = await desk.mint({ user_id: owner })
    await desk.sql(`UPDATE users SET status = 'disabled' WHERE id = ?`, owner)
    expect(await known(expired)).toMatchObject({
      valid: false,
      code: 'expired_key',
      key: { status: 'expired' },
    })
    expect(await known(disabled)).toMatchObject({ valid: false, code: 'user_disabled' })
    expect(await known(elsewhere)).toMatchObject({ valid: false, code: 'not_allowed' })
  })

  test('a retiring key learns which key takes its place, and until when it works', async () => {
    const key = await desk.mint()
    const path = `/admin/keys/${idOf(key)}/rotate`
    const { key: successor, retiring } = await json(await desk.gateway.asAdmin(path, request('POST', {})))
    expect(await known(key)).toMatchObject({
      valid: true,
      key: { status: 'retiring', successor_id: successor.id, retires_at: retiring.retires_at },
    })
  })

  test('lists the last refusals of this key with reason and origin, newest first, and no others', async () => {
    const [key, other] = [await desk.mint({ scopes: ['a'] }), await desk.mint()]
    for (const scope of ['b', 'c', 'd', 'e', 'f', 'g'])
      expect(await desk.codeFor(key, `?scope=${scope}`, { 'user-agent': `script/${scope}` })).toBe(
        'insufficient_scope',
      )
    await desk.codeFor(key, '?group=nobody', { 'user-agent': 'script/last' })
    await desk.codeFor(other, '?scope=b', { 'user-agent': 'somebody-else' })
    await desk.gateway.restart()
    const { last_refusals: refusals, valid } = await known(key)
    expect(valid).toBe(true)
    expect(refusals).toHaveLength(5)
    const times = refusals.map(({ at }: any) => Date.parse(at))
    expect(times).toEqual([...times].sort((a, b) => b - a))
    for (const refusal of refusals) expect(refusal.address).toBe('127.0.0.1')
    expect(refusals).toContainEqual(expect.objectContaining({ code: 'forbidden', user_agent: 'script/last' }))
    expect(JSON.stringify(refusals)).not.toContain('somebody-else')
  })

  test('counts neither as a use nor as a refusal, of a good key and of a dead one', async () => {
    const [good, dead] = [await desk.mint(), await desk.mint()]
    await desk.revoke(dead)
    for (let round = 0; round < 5; round += 1) for (const key of [good, dead]) await known(key)
    await desk.gateway.restart()
    for (const key of [good, dead]) {
      expect(await desk.read(key)).toMatchObject({ last_used_at: null, last_use: null, request_count: 0 })
      expect((await known(key)).last_refusals).toEqual([])
    }
    expect(await desk.rows('SELECT * FROM key_stats WHERE key_id IN (?, ?)', idOf(good), idOf(dead))).toEqual(
      [],
    )
  })

  test('counts not against the rate limit of the key, and answers past it', async () => {
    const key = await desk.mint({ rate_limit: { limit: 2, window_seconds: 3600 } })
    for (let round = 0; round < 5; round += 1) await known(key)
    expect([await desk.codeFor(key), await desk.codeFor(key)]).toEqual(['valid', 'valid'])
    expect(await desk.codeFor(key)).toBe('rate_limited')
    expect(await known(key)).toMatchObject({ valid: true })
  })

  test('a wrong secret with a genuine tag, a forged key and garbage are 401 and learn nothing', async () => {
    const key = await desk.mint({ name: 'told-to-nobody' })
    await desk.revoke(await desk.mint())
    const [twin = ''] = await otherSecretOf(desk.gateway, key)
    for (const bad of [twin, `${key.slice(0, -1)}x`, key.slice(0, -1), idOf(key), 'kd_x', 'x']) {
      const response = await ask({ 'x-api-key': bad })
      expect(await codeOf(response.clone()), bad).toEqual([401, 'invalid_key'])
      expect(response.headers.get('www-authenticate')).toContain('Bearer')
      expect(await response.text()).not.toMatch(/told-to-nobody|desk\.test/)
    }
  })

  test('none, two, and a key in the URL are 401; other parameters are 400', async () => {
    const key = await desk.mint()
    expect(await codeOf(await ask({}))).toEqual([401, 'missing_key'])
    expect(await codeOf(await ask({ 'x-api-key': key, authorization: `Bearer ${key}` }))).toEqual([
      401,
      'invalid_key',
    ])
    for (const query of [`?key=${key}`, `?${key}`, `?api_key=${key}&scope=a`]) {
      expect(await codeOf(await ask({}, query)), query).toEqual([401, 'invalid_key'])
      expect(await codeOf(await ask({ 'x-api-key': key }, query)), query).toEqual([401, 'invalid_key'])
    }
    expect(desk.gateway.log.join('')).not.toContain(key)
    expect((await ask({ 'x-api-key': key }, '?scope=a')).status).toBe(400)
    expect((await ask({ 'x-api-key': key }, `?id=${idOf(await desk.mint())}`)).status).toBe(400)
  })

  test('neither the master key nor a session is a key', async () => {
    for (const headers of [
      { authorization: `Bearer ${desk.gateway.masterKey}` },
      { 'x-api-key': desk.gateway.masterKey },
      { cookie: '__Host-keydesk=x' },
    ] as Record<string, string>[])
      expect((await ask(headers)).status).toBe(401)
  })
})

test('bad keys count as failures of their address, questions about dead keys do not', async () => {
  const desk = await startDesk({ FAILURE_RATE_LIMIT: '3/1h' })
  const key = await desk.mint()
  await desk.revoke(key)
  const ask = async (text: string) =>
    (await desk.gateway.fetch('/v1/key', { headers: { 'x-api-key': text } })).status
  for (let round = 0; round < 10; round += 1) expect(await ask(key)).toBe(200)
  const statuses: number[] = []
  for (let round = 0; round < 5; round += 1) statuses.push(await ask(`${key.slice(0, -1)}x`))
  expect(statuses).toEqual([401, 401, 401, 429, 429])
  await desk.close()
})

test('more questions from one address than AUTH_RATE_LIMIT are 429, and say nothing of the key', async () => {
  const desk = await startDesk({ AUTH_RATE_LIMIT: '3/1h' })
  const key = await desk.mint()
  const ask = () => desk.gateway.fetch('/v1/key', { headers: { 'x-api-key': key } })
  for (let round = 0; round < 3; round += 1) expect((await ask()).status).toBe(200)
  const refused = await ask()
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
  expect(await refused.text()).not.toContain(idOf(key))
  expect(await desk.codeFor(key)).toBe('valid')
  await desk.close()
})

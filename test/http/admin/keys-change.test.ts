import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { request } from './people-context.ts'

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

describe('PATCH /admin/keys/{id}', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk({ TRUSTED_PROXIES: '127.0.0.1' })
  })
  afterAll(() => desk.close())

  const patch = (key: string, body: unknown, headers: Record<string, string> = {}) => {
    const init = request('PATCH', body)
    return desk.gateway.asAdmin(`/admin/keys/${idOf(key)}`, {
      ...init,
      headers: { ...(init.headers as object), ...headers },
    })
  }
  const changed = async (key: string, body: unknown) => {
    const response = await patch(key, body)
    expect(response.status, await response.clone().text()).toBe(200)
    return json(response)
  }
  const from = (key: string, address: string) => desk.codeFor(key, '', { 'x-forwarded-for': address })
  const updatesOf = async (key: string) =>
    (await json(await desk.gateway.asAdmin(`/admin/audit?action=key.updated&target=key:${idOf(key)}`))).data
  /** Sent until the answer comes from memory. */
  const warm = async (key: string, query = '') => {
    for (let round = 0; round < 2; round += 1) expect(await desk.codeFor(key, query)).toBe('valid')
  }

  test('changes every field, leaves the others as they are, and the trail names what changed', async () => {
    const key = await desk.mint({ scopes: ['a', 'b'], metadata: { plan: 'old' } })
    const before = await desk.read(key)
    const changes: Record<string, unknown> = {
      name: 'renamed',
      scopes: ['b'],
      expires_at: inAnHour(),
      metadata: { plan: { is: ['new', 1, null] } },
      rate_limit: { limit: 1000, window_seconds: 60 },
      allowed_addresses: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'],
    }
    const expected = { ...before }
    for (const [field, value] of Object.entries(changes)) {
      Object.assign(expected, { [field]: value, version: expected.version + 1 })
      expect(await changed(key, { [field]: value }), field).toEqual(expected)
      expect(await desk.read(key), field).toEqual(expected)
    }
    for (const field of ['expires_at', 'rate_limit', 'allowed_addresses']) {
      Object.assign(expected, { [field]: null, version: expected.version + 1 })
      expect(await changed(key, { [field]: null }), field).toEqual(expected)
    }
    const trail = (await updatesOf(key)).map(({ facts }: any) => facts.changed).reverse()
    expect(trail.slice(0, 3)).toEqual([['name'], ['scopes'], ['expires_at']])
    expect(trail).toHaveLength(9)
  })

  test('takes several fields at once, and says the same scope once', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    expect(await changed(key, { name: 'two', scopes: ['b', 'b'], metadata: {} })).toMatchObject({
      name: 'two',
      scopes: ['b'],
      version: 2,
    })
    expect(await updatesOf(key)).toHaveLength(1)
  })

  test('what changes nothing makes no version and no audit event', async () => {
    const key = await desk.mint({ scopes: ['a'], metadata: { longer: 1, x: { b: 1, a: 2 } } })
    const before = await desk.read(key)
    for (const body of [
      {},
      { name: before.name },
      { scopes: ['a'] },
      { expires_at: null, metadata: { longer: 1, x: { b: 1, a: 2 } } },
      { metadata: { x: { a: 2, b: 1 }, longer: 1 } },
    ])
      expect(await changed(key, body)).toEqual(before)
    expect(await updatesOf(key)).toEqual([])
  })

  test.each<[string, unknown]>([
    ['owner', 'x'],
    ['user_id', 'usr_x'],
    ['id', '000000000000'],
    ['status', 'active'],
    ['revoked_at', null],
    ['version', 1],
    ['created_through', 'sso'],
    ['successor_id', null],
    ['retires_at', null],
    ['quiet_seconds', 60],
    ['name', ''],
    ['name', 'a\nb'],
    ['name', null],
    ['name', 'x'.repeat(101)],
    ['scopes', 'a'],
    ['scopes', null],
    ['scopes', ['A B']],
    ['scopes', ['keydesk:everything']],
    ['scopes', Array.from({ length: 65 }, (_, index) => `s${index}`)],
    ['expires_at', 'tomorrow'],
    ['expires_at', '2999-01-01T00:00:00'],
    ['expires_at', '2020-01-01T00:00:00Z'],
    ['metadata', null],
    ['metadata', []],
    ['metadata', { x: 'x'.repeat(4096) }],
    ['rate_limit', 5],
    ['rate_limit', { limit: 0, window_seconds: 60 }],
    ['rate_limit', { limit: 1, window_seconds: 60, burst: 2 }],
    ['allowed_addresses', []],
    ['allowed_addresses', '10.0.0.0/8'],
    ['allowed_addresses', ['10.0.0.0/33']],
    ['allowed_addresses', ['10.0.0.0/-1']],
    ['allowed_addresses', ['010.0.0.1']],
    ['allowed_addresses', ['10.0.0']],
    ['allowed_addresses', ['::1%eth0']],
    ['allowed_addresses', ['localhost']],
    ['allowed_addresses', ['2001:db8::/129']],
    ['allowed_addresses', Array.from({ length: 51 }, (_, index) => `10.0.0.${index}`)],
  ])('%s of %j is 400 that names the field, and nothing changes', async (field, value) => {
    const key = await desk.mint({ scopes: ['a'] })
    const before = await desk.read(key)
    const response = await patch(key, { name: 'changed', [field]: value })
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(field)
    expect(await desk.read(key)).toEqual(before)
  })

  test('what is no scope is told so, and not that it begins with keydesk:', async () => {
    const { detail } = await json(await patch(await desk.mint({ scopes: [] }), { scopes: ['A B'] }))
    expect(detail).toBe('scopes.0: is not a scope: lower-case letters, digits and ._:/-, at most 64')
  })

  test('a revoked key is 409 and stays as it is; an unknown one is 404', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    await desk.revoke(key)
    const before = await desk.read(key)
    for (const body of [{ name: 'x' }, { expires_at: inAnHour() }, { scopes: [] }, {}])
      expect((await patch(key, body)).status).toBe(409)
    expect(await desk.read(key)).toEqual(before)
    expect((await patch('kd_000000000000_x', { name: 'x' })).status).toBe(404)
  })

  test('scopes that are taken away, and given, are so on the next request with a warm key', async () => {
    const key = await desk.mint({ scopes: ['a', 'b'] })
    await warm(key, '?scope=a')
    await changed(key, { scopes: ['b'] })
    expect(await desk.codeFor(key, '?scope=a')).toBe('insufficient_scope')
    expect(await desk.codeFor(key, '?scope=b')).toBe('valid')
    await changed(key, { scopes: ['a'] })
    expect(await desk.codeFor(key, '?scope=a')).toBe('valid')
  })

  test('wider than the limit of the owner is written down and never counts', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    await desk.sql(`UPDATE users SET scope_limit = '["a"]' WHERE id = ?`, desk.userId)
    await changed(key, { scopes: ['a', 'wide'] })
    expect(await desk.codeFor(key, '?scope=wide')).toBe('insufficient_scope')
    expect((await json(await desk.validate(key))).key.scopes).toEqual(['a'])
    await desk.sql('UPDATE users SET scope_limit = NULL WHERE id = ?', desk.userId)
  })

  test('a rate limit, a name and metadata are in force on the next request with a warm key', async () => {
    const key = await desk.mint()
    await warm(key)
    await changed(key, { name: 'now', metadata: { n: 1 }, rate_limit: { limit: 1, window_seconds: 3600 } })
    expect((await json(await desk.validate(key))).key).toMatchObject({ name: 'now', metadata: { n: 1 } })
    expect(await desk.codeFor(key)).toBe('rate_limited')
  })

  test('an address outside is 403 not_allowed on the next request with a warm key, null is anywhere again', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    await warm(key)
    await changed(key, { allowed_addresses: ['198.51.100.7'] })
    const refused = await desk.validate(key)
    expect(refused.status).toBe(403)
    expect(await json(refused)).toMatchObject({ code: 'not_allowed', title: 'This is not allowed here' })
    // Where it comes from is judged before what it asks for.
    expect(await desk.codeFor(key, '?scope=b')).toBe('not_allowed')
    expect(await from(key, '198.51.100.7')).toBe('valid')
    await changed(key, { allowed_addresses: null })
    expect(await desk.codeFor(key)).toBe('valid')
  })

  test.each([
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.0', '9.255.255.255']],
    ['10.1.2.3/8', ['10.9.9.9'], ['11.1.2.3']],
    ['192.0.2.1', ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1:4711'], ['192.0.2.2', '192.0.2.0']],
    ['::ffff:192.0.2.0/120', ['192.0.2.200', '::ffff:192.0.2.7'], ['192.0.3.1', '::1']],
    [
      '2001:db8::/33',
      ['2001:db8::1', '2001:DB8:7fff::', '[2001:db8::1]:443'],
      ['2001:db8:8000::', '2001:db9::'],
    ],
    ['0.0.0.0/0', ['1.1.1.1', '255.255.255.255'], ['::1', '2001:db8::1']],
    ['::/0', ['::1', '2001:db8::1'], ['1.1.1.1', '::ffff:1.1.1.1']],
  ])(
    '%s takes what is in it, as a trusted proxy reports it, and nothing else',
    async (range, inside, outside) => {
      const key = await desk.mint({ allowed_addresses: [range] })
      for (const address of inside) expect(await from(key, address), address).toBe('valid')
      for (const address of outside) expect(await from(key, address), address).toBe('not_allowed')
    },
  )

  test('only what the trusted proxy added itself counts, and what it cannot have meant is no way in', async () => {
    const key = await desk.mint({ allowed_addresses: ['198.51.100.7'] })
    expect(await from(key, '198.51.100.7, 203.0.113.9')).toBe('not_allowed')
    expect(await from(key, '203.0.113.9, 198.51.100.7')).toBe('valid')
    for (const header of ['198.51.100.7, unknown', '198.51.100.07', '198.51.100.7,'])
      expect(await from(key, header), header).not.toBe('valid')
    const own = await desk.mint({ allowed_addresses: ['127.0.0.1'] })
    expect(await desk.codeFor(own)).toBe('valid')
    expect(await from(own, '203.0.113.9')).toBe('not_allowed')
  })

  test('a dead key says that it is dead, wherever it is sent from', async () => {
    const key = await desk.mint({ allowed_addresses: ['198.51.100.7'] })
    await desk.revoke(key)
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })
})

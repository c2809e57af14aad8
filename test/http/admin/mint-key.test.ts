import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { type AdminContext, startAdminContext } from './admin-context.ts'

describe('POST /admin/keys', () => {
  let context: AdminContext
  beforeAll(async () => {
    context = await startAdminContext()
  })
  afterAll(() => context.close())

  const keyCount = async () => (await context.get('/admin/keys?limit=200')).data.length
  /** Sends a body that must be refused, and answers the problem. */
  async function refused(change: object | string): Promise<{ status: number; code: string; detail: string }> {
    const before = await keyCount()
    const body = typeof change === 'string' ? change : { user_id: context.userId, name: 'x', ...change }
    const response = await context.post(body)
    expect(await keyCount()).toBe(before)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    return { ...(await json(response)), status: response.status }
  }

  test('answers 201 with the key and its text, which works at once', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000)
    const response = await context.post({
      user_id: context.userId,
      name: '  nightly build  ',
      scopes: ['builds.write', 'a', 'a'],
      expires_at: expiresAt.toISOString(),
      metadata: { ticket: 'OPS-7' },
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { key, key_text: text, ...rest } = await json(response)
    expect(rest).toEqual({})
    expect(key).toMatchObject({
      id: text.split('_')[1],
      name: 'nightly build',
      user_id: context.userId,
      scopes: ['builds.write', 'a'],
      metadata: { ticket: 'OPS-7' },
      status: 'active',
      created_through: 'admin',
      expires_at: expiresAt.toISOString(),
      last_used_at: null,
      revoked_at: null,
    })
    expect(await context.get(`/admin/keys/${key.id}`)).toEqual(key)
    expect((await context.validate(text)).status).toBe(200)
  })

  test('the text, the hash and the tag are nowhere else: no answer, no log line, no byte of the database', async () => {
    const { key, key_text: text } = await context.mint({ name: 'searched for' })
    await context.validate(text)
    const answers = [
      '/admin/keys?limit=200',
      `/admin/keys/${key.id}`,
      '/admin/audit?limit=200',
      `/admin/users/${context.userId}`,
    ]
    const seen = await Promise.all(answers.map(async (path) => (await context.gateway.asAdmin(path)).text()))
    const contents = await context.gateway.database.contents()
    for (const place of [...seen, contents, context.gateway.log.join('')]) {
      expect(place).not.toContain(text)
      expect(place).not.toContain(text.slice(16, 30))
      expect(place).not.toContain(text.slice(-16))
    }
    for (const answer of seen) expect(answer).not.toMatch(/argon2|secret_hash|"tag"/)
    expect(context.gateway.log.join('')).not.toMatch(/argon2id\$|master.?key.{0,5}[0-9a-f]{64}/i)
  })

  test.each([
    'id',
    'userId',
    'owner',
    'role',
    'admin',
    'created_at',
    'createdAt',
    'created_by',
    'created_through',
    'revoked_at',
    'last_used_at',
    'secret_hash',
    'secretHash',
    'key_text',
    'status',
    'scope',
    'expiresAt',
    'constructor',
    'toString',
  ])('the unknown field %s is 400 and named', async (field) => {
    const problem = await refused({ [field]: 'x' })
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(problem.detail).toContain(field)
  })

  test('a __proto__ in the body gives nobody anything', async () => {
    const body = `{"user_id":"${context.userId}","name":"x","__proto__":{"scopes":["a"]},"metadata":{"__proto__":{"a":1}}}`
    const response = await context.post(body)
    expect([201, 400]).toContain(response.status)
    if (response.status === 201) expect((await json(response)).key.scopes).toEqual([])
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  test.each([
    ['user_id', undefined],
    ['user_id', ''],
    ['user_id', 7],
    ['user_id', null],
    ['user_id', ['x']],
    ['user_id', 'x'.repeat(201)],
    ['name', undefined],
    ['name', ''],
    ['name', '   '],
    ['name', 'x'.repeat(101)],
    ['name', 'a\u0000b'],
    ['name', 'a\nb'],
    ['name', 'a\u0085b'],
    ['name', '\ud800'],
    ['name', 7],
    ['name', null],
    ['scopes', 'a'],
    ['scopes', ['A']],
    ['scopes', ['*']],
    ['scopes', ['']],
    ['scopes', [1]],
    ['scopes', null],
    ['scopes', ['keydesk:admin']],
    ['scopes', ['a', 'keydesk:x']],
    ['scopes', Array.from({ length: 65 }, (_, index) => `s${index}`)],
    ['expires_at', ''],
    ['expires_at', 'never'],
    ['expires_at', 0],
    ['expires_at', -1],
    ['expires_at', '2027-13-01T00:00:00Z'],
    ['expires_at', '2027-02-30T00:00:00Z'],
    ['expires_at', '2027-01-01'],
    ['expires_at', '2027-01-01T00:00:00'],
    ['expires_at', '10000-01-01T00:00:00Z'],
    ['expires_at', '+275760-09-13T00:00:00Z'],
    ['expires_at', '9'.repeat(40)],
    ['metadata', 'x'],
    ['metadata', []],
    ['metadata', null],
    ['metadata', { a: '\u0000' }],
    ['metadata', { a: { b: ['\ud800'] } }],
    ['metadata', { 'a\u0000': 1 }],
    ['metadata', { a: 'x'.repeat(4090) }],
    ['metadata', { a: 'é'.repeat(2045) }],
    ['rate_limit', 5],
    ['rate_limit', { limit: 0, window_seconds: 1 }],
    ['rate_limit', { limit: 1 }],
  ])('a %s of %j is 400 and names the field', async (field, value) => {
    const problem = await refused({ [field]: value })
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(problem.detail).toContain(field)
  })

  test.each(['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '0000-01-01T00:00:00Z'])(
    'an expires_at of %s, in the past, is 400 and never "never"',
    async (expires_at) => {
      expect(await refused({ expires_at })).toMatchObject({ status: 400, code: 'invalid_request' })
    },
  )

  test('an expiry of this very moment is refused, and offsets are understood', async () => {
    expect((await refused({ expires_at: new Date().toISOString() })).status).toBe(400)
    const { key } = await context.mint({ expires_at: '2099-01-01T02:00:00+02:00' })
    expect(key.expires_at).toBe('2099-01-01T00:00:00.000Z')
  })

  test('metadata of exactly 4 KiB is taken and comes back to the letter', async () => {
    const metadata = { a: 'x'.repeat(4096 - '{"a":""}'.length), ...{} }
    const { key } = await context.mint({ metadata })
    expect(key.metadata).toEqual(metadata)
    const odd = { '': '', 'ünïcødé 🔑': [null, true, 1.5, { deep: ['\\"'] }] }
    expect((await context.mint({ metadata: odd })).key.metadata).toEqual(odd)
  })

  test('metadata that is nested deeply is a refusal, never a failure of ours', async () => {
    const nested = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
    const problem = await refused(`{"user_id":"${context.userId}","name":"x","metadata":{"a":${nested}}}`)
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  test.each(['usr_unknown', "' OR 1=1 --", '🔑', '%'])('the unknown user %j is 404', async (user_id) => {
    expect(await refused({ user_id })).toMatchObject({ status: 404, code: 'not_found' })
  })

  // Postgres takes neither: there it would be a failure of the database.
  test.each(['\u0000', 'usr_\ud800'])(
    'a user_id of %j cannot be stored anywhere, and is 400',
    async (user_id) => {
      expect(await refused({ user_id })).toMatchObject({ status: 400, code: 'invalid_request' })
    },
  )

  test('a disabled user gets no key: 409', async () => {
    await context.sql(`UPDATE users SET status = 'disabled'`)
    expect(await refused({})).toMatchObject({ status: 409, code: 'conflict' })
    await context.sql(`UPDATE users SET status = 'active'`)
  })

  test.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.test' },
  ])('what a page of another site sends is 403, with the master key or not: %j', async (headers) => {
    const before = await keyCount()
    const response = await context.post({ user_id: context.userId, name: 'x' }, headers)
    expect(response.status).toBe(403)
    expect((await json(response)).code).toBe('forbidden')
    const { id } = (await context.get('/admin/keys?status=active')).data[0]
    expect((await context.gateway.asAdmin(`/admin/keys/${id}`, { method: 'DELETE', headers })).status).toBe(
      403,
    )
    expect((await context.get(`/admin/keys/${id}`)).status).toBe('active')
    expect(await keyCount()).toBe(before)
  })

  test('our own origin, and a client that is no browser, may', async () => {
    for (const headers of [
      { origin: context.gateway.url },
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      {},
    ]) {
      expect(
        (await context.post({ user_id: context.userId, name: 'x' }, headers as Record<string, string>))
          .status,
      ).toBe(201)
    }
  })
})

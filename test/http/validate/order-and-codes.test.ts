import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { keyFor, startSignInGateway } from '../../support/sign-in.ts'

// Begins now: the provider that signs in has a clock of its own.
let clock = new Date()
const quiet = { FAILURE_RATE_LIMIT: 'off', AUTH_RATE_LIMIT: 'off' }

describe('GET /v1/validate judges in the order of the design', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  let userId: string
  beforeAll(async () => {
    context = await startSignInGateway(quiet, { now: () => clock })
    const key = await keyFor(context, 'alice@example.com')
    userId = (await json(await validate(key))).user.id
  })
  afterAll(() => context.close())
  beforeEach(() => sql(`UPDATE users SET status = 'active', scope_limit = NULL`))

  const validate = (key: string, query = '') =>
    context.gateway.fetch(`/v1/validate${query}`, { headers: { 'x-api-key': key } })
  const codeOf = async (response: Response) => (await json(response)).code ?? 'valid'
  const codeFor = async (key: string, query = '') => codeOf(await validate(key, query))

  const sql = (statement: string) => context.gateway.database.change(statement)

  async function mint(change: object = {}): Promise<string> {
    const response = await context.gateway.asAdmin('/admin/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: userId, name: 'test', ...change }),
    })
    expect(response.status).toBe(201)
    return (await json(response)).key_text
  }
  const idOf = (key: string) => key.split('_')[1] ?? ''
  const revoke = (key: string) => context.gateway.asAdmin(`/admin/keys/${idOf(key)}`, { method: 'DELETE' })
  const otherSecret = (key: string, other: string) => key.slice(0, 16) + other.slice(16)

  test('revoked before disabled before expired before scopes, each told only to who proved the secret', async () => {
    const key = await mint({ expires_at: new Date(clock.getTime() + 60_000).toISOString() })
    const other = await mint()
    const ask = () => codeFor(key, '?scope=never.granted')
    expect(await ask()).toBe('insufficient_scope')
    clock = new Date(clock.getTime() + 60_000)
    expect(await ask()).toBe('expired_key')
    await sql(`UPDATE users SET status = 'disabled'`)
    expect(await ask()).toBe('user_disabled')
    await revoke(key)
    expect(await ask()).toBe('revoked_key')
    // The same key id, without its secret: nothing of this is told.
    expect(await codeFor(otherSecret(key, other))).toBe('invalid_key')
    expect(await codeFor(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)).toBe('invalid_key')
  })

  test('a disabled owner, and an owner with an unknown status, are refused at once, and pass again when enabled', async () => {
    const key = await mint()
    expect(await codeFor(key)).toBe('valid')
    for (const status of ['disabled', 'suspended', '']) {
      await sql(`UPDATE users SET status = '${status}'`)
      expect(await codeFor(key)).toBe('user_disabled')
    }
    await sql(`UPDATE users SET status = 'active'`)
    expect(await codeFor(key)).toBe('valid')
  })

  test('a key is good until the millisecond of its expiry, also when it is remembered', async () => {
    const expiresAt = new Date(clock.getTime() + 5_000)
    const key = await mint({ expires_at: expiresAt.toISOString() })
    expect(await codeFor(key)).toBe('valid')
    clock = new Date(expiresAt.getTime() - 1)
    expect(await codeFor(key)).toBe('valid')
    clock = expiresAt
    expect(await codeFor(key)).toBe('expired_key')
  })

  test('warm with scope A, then asked for B: 403; and A again: 200', async () => {
    const key = await mint({ scopes: ['a', 'c'] })
    expect(await codeFor(key, '?scope=a')).toBe('valid')
    const refused = await validate(key, '?scope=b')
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="keydesk", error="insufficient_scope"')
    expect(await codeFor(key, '?scope=a')).toBe('valid')
    expect(await codeFor(key, '?scope=a&scope=c')).toBe('valid')
    expect(await codeFor(key, '?scope=a&scope=b')).toBe('insufficient_scope')
    expect(await codeFor(key, '?scope=c&scope=c')).toBe('valid')
  })

  test('scopes are cut to the limit of the owner at every use, and the answer shows the effective ones', async () => {
    const key = await mint({ scopes: ['a', 'b'] })
    expect((await json(await validate(key))).key.scopes).toEqual(['a', 'b'])
    await sql(`UPDATE users SET scope_limit = '["b","z"]'`)
    const cut = await json(await validate(key))
    expect(cut.key.scopes).toEqual(['b'])
    expect(await codeFor(key, '?scope=b')).toBe('valid')
    expect(await codeFor(key, '?scope=a')).toBe('insufficient_scope')
    expect(await codeFor(key, '?scope=z')).toBe('insufficient_scope')
    await sql(`UPDATE users SET scope_limit = '[]'`)
    expect((await json(await validate(key))).key.scopes).toEqual([])
    await sql('UPDATE users SET scope_limit = NULL')
    expect(await codeFor(key, '?scope=a')).toBe('valid')
  })

  test.each([
    '?scope=',
    '?scope=A',
    '?scope=a%20b',
    '?scope=*',
    '?scope=a,b',
    '?scope=a&scope=',
    '?scopes=a',
    '?scope[]=a',
    `?${'scope=a&'.repeat(65)}scope=b`,
  ])('the question %s is 400 for a good key, and 401 for a bad one stays 401 or 400', async (query) => {
    const key = await mint({ scopes: ['a', 'b'] })
    const good = await validate(key, query)
    expect(good.status).toBe(400)
    expect(await codeOf(good)).toBe('invalid_request')
    expect([400, 401]).toContain((await validate('kd_x', query)).status)
    expect((await context.gateway.fetch(`/v1/validate${query}`)).status).toBe(401)
  })

  test('the answer holds exactly what the contract names, and never the secret', async () => {
    const key = await mint({ scopes: ['a'], metadata: { ticket: 'OPS-7' } })
    const response = await validate(key)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const text = await response.text()
    expect(text).not.toContain(key.slice(16, 40))
    expect(JSON.parse(text)).toEqual({
      valid: true,
      key: {
        id: idOf(key),
        name: 'test',
        scopes: ['a'],
        expires_at: null,
        created_at: clock.toISOString(),
        metadata: { ticket: 'OPS-7' },
      },
      user: {
        id: userId,
        email: 'alice@example.com',
        name: 'Alice Example',
        role: 'member',
        groups: [],
        kind: 'person',
      },
    })
  })

  test.each([
    ['missing_key', {}, 'Bearer realm="keydesk"'],
    ['invalid_key', { 'x-api-key': 'kd_x' }, 'Bearer realm="keydesk", error="invalid_token"'],
    ['missing_key', { authorization: 'Basic eDp5' }, 'Bearer realm="keydesk"'],
  ])('%s comes with its WWW-Authenticate', async (code, headers, challenge) => {
    const response = await context.gateway.fetch('/v1/validate', {
      headers: headers as Record<string, string>,
    })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(challenge)
    expect(await codeOf(response)).toBe(code)
  })

  test('expired, revoked and disabled come with error="invalid_token"', async () => {
    const key = await mint()
    await revoke(key)
    const response = await validate(key)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="keydesk", error="invalid_token"')
  })

  test('when the database does not answer it is 503, never a pass and never a refusal', async () => {
    const key = await mint()
    const other = await mint()
    expect(await codeFor(key)).toBe('valid')
    await sql('ALTER TABLE api_keys RENAME TO gone')
    try {
      for (const text of [key, other]) {
        const response = await validate(text)
        expect(response.status).toBe(503)
        expect(await codeOf(response)).toBe('unavailable')
      }
    } finally {
      await sql('ALTER TABLE gone RENAME TO api_keys')
    }
    expect(await codeFor(key)).toBe('valid')
  })
})

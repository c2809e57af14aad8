import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { keyFor, startSignInGateway } from '../../support/sign-in.ts'

describe('the life of a key', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  beforeAll(async () => {
    context = await startSignInGateway({
      FAILURE_RATE_LIMIT: 'off',
      AUTH_RATE_LIMIT: 'off',
      SSO_KEYS_MAX: '100',
    })
  })
  afterAll(() => context.close())

  const validate = (key: string) => context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
  const codeOf = async (response: Response) => (await json(response)).code ?? 'valid'
  const idOf = (key: string) => key.split('_')[1] ?? ''
  const revoke = (key: string) => context.gateway.asAdmin(`/admin/keys/${idOf(key)}`, { method: 'DELETE' })
  const sql = (statement: string, ...values: unknown[]) =>
    context.gateway.database.change(statement, ...values)

  test('keys of an earlier prefix keep verifying after a restart with another, and new ones have the new', async () => {
    const old = await keyFor(context, 'alice@example.com')
    await context.gateway.restart({ API_KEY_PREFIX: 'acme' })
    const fresh = await keyFor(context, 'alice@example.com')
    expect([old.split('_')[0], fresh.split('_')[0]]).toEqual(['kd', 'acme'])
    for (const key of [old, fresh]) expect((await validate(key)).status).toBe(200)
    // A prefix cannot be exchanged: the tag covers it.
    expect((await validate(`acme${old.slice(2)}`)).status).toBe(401)
    await context.gateway.restart()
    for (const key of [old, fresh]) expect((await validate(key)).status).toBe(200)
  })

  test('a key that another process revokes is refused on the next request, warm or cold', async () => {
    const [warm, cold] = [
      await keyFor(context, 'alice@example.com'),
      await keyFor(context, 'alice@example.com'),
    ]
    expect((await validate(warm)).status).toBe(200)
    await sql('UPDATE api_keys SET revoked_at = ? WHERE id IN (?, ?)', new Date(1), idOf(warm), idOf(cold))
    for (const key of [warm, cold]) expect(await codeOf(await validate(key))).toBe('revoked_key')
  })

  test('a key that vanishes, or whose stored hash is exchanged, is refused on the next request', async () => {
    const [gone, moved, other] = [
      await keyFor(context, 'alice@example.com'),
      await keyFor(context, 'alice@example.com'),
      await keyFor(context, 'alice@example.com'),
    ]
    for (const key of [gone, moved, other]) expect((await validate(key)).status).toBe(200)
    await sql('DELETE FROM api_keys WHERE id = ?', idOf(gone))
    const hashOf = 'SELECT secret_hash FROM api_keys WHERE id = ?'
    await sql(`UPDATE api_keys SET secret_hash = (${hashOf}) WHERE id = ?`, idOf(other), idOf(moved))
    expect(await codeOf(await validate(gone))).toBe('invalid_key')
    expect(await codeOf(await validate(moved))).toBe('invalid_key')
    expect((await validate(other)).status).toBe(200)
  })

  test('a key is good at once after it was minted, also when its id was asked for before', async () => {
    const key = await keyFor(context, 'alice@example.com')
    const rename = 'UPDATE api_keys SET id = ? WHERE id = ?'
    await sql(rename, 'away', idOf(key))
    expect(await codeOf(await validate(key))).toBe('invalid_key')
    await sql(rename, idOf(key), 'away')
    expect((await validate(key)).status).toBe(200)
  })

  test.each([
    ['warm', true],
    ['cold', false],
  ])(
    'a %s key revoked while 100 verifications run: none that began after the 204 succeeds, and it stays revoked',
    async (_, warm) => {
      const key = await keyFor(context, 'alice@example.com')
      if (warm) await validate(key)
      let revokedAt = Number.POSITIVE_INFINITY
      const seen: { begunAt: number; status: number }[] = []
      const verify = async () => {
        const begunAt = performance.now()
        const { status } = await validate(key)
        seen.push({ begunAt, status })
      }
      const before = Array.from({ length: 50 }, verify)
      const revoking = revoke(key).then((response) => {
        expect(response.status).toBe(204)
        revokedAt = performance.now()
      })
      const beside = Array.from({ length: 50 }, verify)
      await revoking
      await Promise.all([...before, ...beside, ...Array.from({ length: 50 }, verify)])
      const late = seen.filter(({ begunAt }) => begunAt > revokedAt)
      expect(late.length).toBeGreaterThanOrEqual(50)
      expect(late.filter(({ status }) => status !== 401)).toEqual([])
      expect(seen.every(({ status }) => status === 200 || status === 401)).toBe(true)
      await context.gateway.restart()
      expect(await codeOf(await validate(key))).toBe('revoked_key')
    },
  )

  test('an owner disabled while verifications run: none that began after succeeds', async () => {
    const key = await keyFor(context, 'ada@example.com')
    await validate(key)
    const running = Array.from({ length: 100 }, () => validate(key))
    await sql(`UPDATE users SET status = 'disabled' WHERE email = 'ada@example.com'`)
    const after = await Promise.all(Array.from({ length: 20 }, () => validate(key)))
    for (const response of after) expect(await codeOf(response)).toBe('user_disabled')
    for (const { status } of await Promise.all(running)) expect([200, 401]).toContain(status)
    await sql(`UPDATE users SET status = 'active'`)
  })

  test('verification writes nothing to the rows of a key', async () => {
    const key = await keyFor(context, 'alice@example.com')
    const rows = async () => [
      await context.gateway.database.rows('SELECT * FROM api_keys'),
      await context.gateway.database.rows('SELECT * FROM users'),
    ]
    const before = await rows()
    for (let round = 0; round < 20; round += 1) await validate(key)
    await validate('kd_x')
    expect(await rows()).toEqual(before)
  })
})

describe('a key over plain http', () => {
  test('is refused where a trusted proxy reports it and AUTH_BASE_URL is https; direct calls are answered', async () => {
    const gateway = await startGateway({ AUTH_BASE_URL: 'https://keys.corp.com' })
    const statusOf = async (path: string, headers: Record<string, string>) =>
      (await gateway.fetch(path, { headers })).status
    const key = { 'x-api-key': 'kd_x' }
    for (const proto of ['http', 'HTTP', ' http ', 'http, https', 'ftp', '']) {
      const refused = await gateway.fetch('/v1/validate', { headers: { ...key, 'x-forwarded-proto': proto } })
      expect(refused.status, proto).toBe(403)
      expect(refused.headers.get('location')).toBeNull()
      expect((await json(refused)).code).toBe('forbidden')
    }
    const answered: Record<string, string>[] = [
      {},
      { 'x-forwarded-proto': 'https' },
      { 'x-forwarded-proto': 'HTTPS' },
      { 'x-forwarded-proto': 'https, http' },
    ]
    for (const headers of answered) {
      expect(await statusOf('/v1/validate', { ...key, ...headers })).toBe(401)
    }
    const admin = { authorization: `Bearer ${gateway.masterKey}` }
    expect(await statusOf('/admin/keys', { ...admin, 'x-forwarded-proto': 'http' })).toBe(403)
    expect(await statusOf('/admin/keys', { ...admin, 'x-forwarded-proto': 'https' })).toBe(200)
    expect((await gateway.fetch('/healthz')).headers.get('strict-transport-security')).toMatch(
      /max-age=\d{8,}/,
    )
    await gateway.close()
  })

  test('what an untrusted peer says of the protocol is ignored', async () => {
    const gateway = await startGateway({
      AUTH_BASE_URL: 'https://keys.corp.com',
      TRUSTED_PROXIES: '203.0.113.9',
    })
    const response = await gateway.fetch('/v1/validate', {
      headers: { 'x-api-key': 'kd_x', 'x-forwarded-proto': 'http' },
    })
    expect(response.status).toBe(401)
    await gateway.close()
  })
})

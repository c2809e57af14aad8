import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../support/json.ts'
import { keyFor, startSignInGateway } from '../support/sign-in.ts'

describe('the main job', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  beforeAll(async () => {
    context = await startSignInGateway()
  })
  afterAll(() => context.close())

  const validate = (key: string) => context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })

  test('signing in twice as the same person makes one user and two keys, and revoking one leaves the other valid, also after a restart', async () => {
    const first = await keyFor(context, 'alice@example.com')
    const second = await keyFor(context, 'alice@example.com')
    expect(first).not.toBe(second)
    const valid = await validate(first)
    expect(valid.status).toBe(200)
    expect(await valid.json()).toMatchObject({
      valid: true,
      key: { id: first.split('_')[1], name: 'sso', scopes: [], expires_at: null, metadata: {} },
      user: { email: 'alice@example.com', role: 'member', groups: [], kind: 'person' },
    })
    expect((await validate(second)).status).toBe(200)

    const users = await json(await context.gateway.asAdmin('/admin/users'))
    expect(users.data).toHaveLength(1)
    const keys = await json(await context.gateway.asAdmin(`/admin/keys?user_id=${users.data[0].id}`))
    expect(keys.data.map((key: { name: string }) => key.name)).toEqual(['sso', 'sso'])

    const revoked = await context.gateway.asAdmin(`/admin/keys/${first.split('_')[1]}`, { method: 'DELETE' })
    expect(revoked.status).toBe(204)
    const states = async () => [await validate(first), await validate(second)]
    for (const restarts of [0, 1]) {
      if (restarts === 1) await context.gateway.restart()
      const [refused, good] = await states()
      expect(refused?.status).toBe(401)
      expect(await refused?.json()).toMatchObject({ code: 'revoked_key' })
      expect(good?.status).toBe(200)
    }
  })

  test('the database holds no key text, only Argon2id hashes', async () => {
    const key = await keyFor(context, 'ada@example.com')
    const secret = key.slice(key.lastIndexOf('_') + 1)
    const contents = await context.gateway.database.contents()
    expect(contents.includes(key.split('_')[1] ?? '')).toBe(true)
    for (const text of [key, secret, secret.slice(0, 20)]) expect(contents.includes(text)).toBe(false)
    const hashes = await context.gateway.database.rows('SELECT secret_hash FROM api_keys')
    expect(hashes.length).toBeGreaterThan(0)
    for (const { secret_hash: hash } of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$/)
    expect(context.gateway.log.join('')).not.toContain(secret.slice(0, 12))
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { keyFor } from '../../support/sign-in.ts'
import { type AdminContext, allPages, startAdminContext } from './admin-context.ts'

describe('the lists of the admin API', () => {
  let context: AdminContext
  let bobId: string
  beforeAll(async () => {
    context = await startAdminContext()
    await keyFor(context, 'ada@example.com')
    bobId = (await context.get('/admin/users')).data.find((user: any) => user.email === 'ada@example.com').id
    for (let index = 0; index < 23; index += 1) {
      const expires = index % 3 === 0 ? { expires_at: new Date(Date.now() + 3_600_000).toISOString() } : {}
      const { key } = await context.mint({ name: `key ${index}`, ...expires })
      if (index % 5 === 0) await context.revoke(key.id)
    }
    // Many keys of one instant: only the id tells them apart.
    await context.sql('UPDATE api_keys SET created_at = (SELECT min(created_at) FROM api_keys)')
  })
  afterAll(() => context.close())

  test.each([1, 7, 24, 25, 26, 200])(
    '25 keys at %i a page: complete, without repeats, also among equal times',
    async (limit) => {
      const ids = (await allPages(context, '/admin/keys', limit)).map(({ id }) => id)
      expect(ids).toHaveLength(25)
      expect(new Set(ids).size).toBe(25)
    },
  )

  test('status and user_id filter, together and page by page', async () => {
    const of = async (query: string) => (await allPages(context, `/admin/keys${query}`, 4)).length
    expect(await of('?status=all')).toBe(25)
    expect(await of('?status=revoked')).toBe(5)
    expect(await of('?status=active')).toBe(20)
    expect(await of('?status=expired')).toBe(0)
    expect(await of(`?user_id=${bobId}`)).toBe(1)
    expect(await of(`?user_id=${context.userId}&status=revoked`)).toBe(5)
    expect(await of(`?user_id=${bobId}&status=revoked`)).toBe(0)
    expect(await of("?user_id=' OR 1=1 --")).toBe(0)
  })

  test('users: list and one with its identities, no more and no less than the contract', async () => {
    const users = await allPages(context, '/admin/users', 1)
    expect(users.map(({ email }) => email).sort()).toEqual(['ada@example.com', 'alice@example.com'])
    const user = await context.get(`/admin/users/${context.userId}`)
    expect(user).toEqual({
      id: context.userId,
      kind: 'person',
      email: 'alice@example.com',
      name: 'Alice Example',
      picture: null,
      role: 'member',
      groups: [],
      status: 'active',
      scope_limit: null,
      responsible: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: expect.stringMatching(/Z$/),
      version: 1,
      identities: [
        {
          id: expect.stringMatching(/^idn_/),
          provider: 'google',
          issuer: context.standIn.issuer,
          subject: expect.stringMatching(/^\d{21}$/),
          email: 'alice@example.com',
          email_verified: true,
          hd: 'example.com',
          last_sign_in_at: expect.stringMatching(/Z$/),
        },
      ],
    })
  })

  const lists = ['/admin/users', '/admin/keys', '/admin/audit']
  test.each(['0', '201', '-1', '1.5', '', 'all', '1e2', '0x10', '٣', '1 ', '999999999999'])(
    'a limit of %j is 400',
    async (limit) => {
      for (const path of lists) {
        const response = await context.gateway.asAdmin(`${path}?limit=${encodeURIComponent(limit)}`)
        expect(response.status, path).toBe(400)
        expect((await json(response)).detail).toContain('limit')
      }
    },
  )

  test('limits of 1 and 200 are good, and without one it is 50', async () => {
    for (const limit of [1, 200])
      expect((await context.gateway.asAdmin(`/admin/keys?limit=${limit}`)).status).toBe(200)
    expect((await context.get('/admin/keys')).data).toHaveLength(25)
  })

  test.each(['', 'x', 'null', '%00', 'MTox%3D', 'MTo', "' OR 1=1 --", 'é', 'x'.repeat(201)])(
    'a cursor of %j is 400',
    async (cursor) => {
      for (const path of lists) {
        const response = await context.gateway.asAdmin(`${path}?cursor=${cursor}`)
        expect(response.status, path).toBe(400)
        expect((await json(response)).detail).toContain('cursor')
      }
    },
  )

  test.each(['unknown', 'ACTIVE', '', 'active,revoked'])('a status of %j is 400', async (status) => {
    expect((await context.gateway.asAdmin(`/admin/keys?status=${status}`)).status).toBe(400)
  })

  // Postgres takes neither U+0000 nor lone surrogates: there it would be a failure of the database.
  test.each(['/admin/keys?user_id=%00', '/admin/audit?actor=%00', '/admin/audit?target=key:%00'])(
    '%s can match nothing and is 400',
    async (path) => {
      expect((await context.gateway.asAdmin(path)).status).toBe(400)
    },
  )
})

describe('DELETE /admin/keys/{id}', () => {
  let context: AdminContext
  beforeAll(async () => {
    context = await startAdminContext()
  })
  afterAll(() => context.close())

  test('answers 204, again 204, and refuses the key from the next request on; the first time stays', async () => {
    const { key, key_text: text } = await context.mint()
    expect((await context.validate(text)).status).toBe(200)
    expect((await context.revoke(key.id)).status).toBe(204)
    expect((await json(await context.validate(text))).code).toBe('revoked_key')
    const revoked = await context.get(`/admin/keys/${key.id}`)
    expect(revoked).toMatchObject({ status: 'revoked', revoked_at: expect.any(String) })
    expect((await context.revoke(key.id)).status).toBe(204)
    expect((await context.get(`/admin/keys/${key.id}`)).revoked_at).toBe(revoked.revoked_at)
    expect((await context.get(`/admin/audit?target=key:${key.id}&action=key.revoked`)).data).toHaveLength(1)
  })

  test('20 revocations at once: all 204, one audit row', async () => {
    const { key } = await context.mint()
    const answers = await Promise.all(Array.from({ length: 20 }, () => context.revoke(key.id)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]))
    expect((await context.get(`/admin/audit?target=key:${key.id}&action=key.revoked`)).data).toHaveLength(1)
  })

  test('an unknown id is 404, and so is the text of a key', async () => {
    const { key_text: text } = await context.mint()
    expect((await context.revoke('000000000000')).status).toBe(404)
    expect((await context.revoke(text)).status).toBe(404)
    expect((await context.validate(text)).status).toBe(200)
    expect(context.gateway.log.join('')).not.toContain(text.slice(16, 36))
  })

  test('an expired key can be revoked, and is revoked from then on', async () => {
    const { key, key_text: text } = await context.mint({
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    })
    await context.sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', new Date(1), key.id)
    expect((await context.get(`/admin/keys/${key.id}`)).status).toBe('expired')
    expect((await context.get('/admin/keys?status=expired')).data.map(({ id }: any) => id)).toEqual([key.id])
    expect((await context.revoke(key.id)).status).toBe(204)
    expect((await json(await context.validate(text))).code).toBe('revoked_key')
  })
})

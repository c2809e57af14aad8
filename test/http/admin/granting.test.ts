import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { request } from './people-context.ts'

describe('rights on Keydesk', () => {
  let desk: Desk
  let adminId: string
  let memberId: string
  beforeAll(async () => {
    desk = await startDesk()
  })
  beforeEach(async () => {
    adminId = await desk.addUser()
    memberId = await desk.addUser()
    await setRole(adminId, 'admin')
  })
  afterAll(() => desk.close())

  const setRole = (id: string, role: string) => desk.sql('UPDATE users SET role = ? WHERE id = ?', role, id)
  const by = (key: string, method: string, path: string, body?: object) => {
    const init = request(method, body)
    return desk.gateway.fetch(path, { ...init, headers: { ...(init.headers as object), 'x-api-key': key } })
  }
  const keyOf = (userId: string, scopes: string[]) => desk.mint({ user_id: userId, scopes })
  const minter = (...more: string[]) => keyOf(adminId, ['keydesk:keys.mint', ...more])
  const mintBy = (key: string, scopes: string[], userId = adminId) =>
    by(key, 'POST', '/admin/keys', { user_id: userId, name: 'granted', scopes })
  const patch = (key: string, scopes: string[]) =>
    desk.gateway.asAdmin(`/admin/keys/${idOf(key)}`, request('PATCH', { scopes }))
  const count = async () => (await desk.rows('SELECT id FROM api_keys')).length
  const detailOf = async (response: Response) => [response.status, (await json(response)).detail]

  test.each([
    'keydesk:admin',
    'keydesk:users.read',
    'keydesk:users.write',
    'keydesk:keys.read',
    'keydesk:keys.revoke',
    'keydesk:audit.read',
    'keydesk:introspect',
  ])('a key that lacks %s cannot mint it, nor PATCH it onto itself or another', async (scope) => {
    const key = await minter('ordinary')
    const other = await keyOf(adminId, [])
    const before = await count()
    for (const scopes of [[scope], ['keydesk:keys.mint', scope]])
      expect(await detailOf(await mintBy(key, scopes))).toEqual([400, expect.stringContaining(scope)])
    expect(await count()).toBe(before)
    for (const id of [idOf(key), idOf(other)]) {
      const response = await by(key, 'PATCH', `/admin/keys/${id}`, { scopes: ['keydesk:keys.mint', scope] })
      expect(await detailOf(response)).toEqual([400, expect.stringContaining(scope)])
    }
    expect((await desk.read(other)).scopes).toEqual([])
  })

  test('a key hands on what it carries, and scopes that are no rights on Keydesk; keydesk:admin hands on all', async () => {
    const key = await minter('keydesk:keys.read')
    const carried = ['keydesk:keys.mint', 'keydesk:keys.read', 'deploy']
    expect((await mintBy(key, carried)).status).toBe(201)
    const whole = await keyOf(adminId, ['keydesk:admin'])
    expect((await mintBy(whole, ['keydesk:admin', 'keydesk:introspect'])).status).toBe(201)
    expect((await mintBy(whole, ['keydesk:introspect'], memberId)).status).toBe(201)
  })

  test('what the limit of its owner takes from a key it cannot hand on', async () => {
    const key = await minter('keydesk:audit.read')
    await desk.sql(`UPDATE users SET scope_limit = '["keydesk:keys.mint"]' WHERE id = ?`, adminId)
    expect((await mintBy(key, ['keydesk:audit.read'])).status).toBe(400)
    expect((await mintBy(key, ['keydesk:keys.mint'])).status).toBe(201)
  })

  test('a key cannot come by the text of a stronger one by rotating it', async () => {
    const key = await minter()
    const strong = await keyOf(adminId, ['keydesk:admin'])
    const introspecting = await keyOf(memberId, ['keydesk:introspect'])
    const before = await count()
    for (const target of [strong, introspecting]) {
      const response = await by(key, 'POST', `/admin/keys/${idOf(target)}/rotate`, {})
      expect([response.status, (await json(response)).code]).toEqual([403, 'forbidden'])
      expect(await desk.read(target)).toMatchObject({ successor_id: null, version: 1 })
    }
    expect(await count()).toBe(before)
    const own = await by(key, 'POST', `/admin/keys/${idOf(key)}/rotate`, {})
    expect(own.status).toBe(201)
    expect(
      (await desk.gateway.asAdmin(`/admin/keys/${idOf(strong)}/rotate`, request('POST', {}))).status,
    ).toBe(201)
  })

  test('nor of one whose owner is no admin just now: the rights would wait for the next promotion', async () => {
    const bossId = await desk.addUser()
    await setRole(bossId, 'admin')
    const strong = await keyOf(bossId, ['keydesk:admin'])
    await setRole(bossId, 'member')
    const response = await by(await minter(), 'POST', `/admin/keys/${idOf(strong)}/rotate`, {})
    const { key_text: text } = await json(response)
    await setRole(bossId, 'admin')
    const used = await by(text ?? 'none', 'GET', '/admin/users')
    expect([401, 403]).toContain(used.status)
  })

  test('an old scope that the changing key lacks may stay and may be taken away, and not come back', async () => {
    const strong = await keyOf(adminId, ['keydesk:admin', 'a'])
    const key = await minter()
    const change = (scopes: string[]) => by(key, 'PATCH', `/admin/keys/${idOf(strong)}`, { scopes })
    expect((await change(['keydesk:admin'])).status).toBe(200)
    expect((await change([])).status).toBe(200)
    expect((await change(['keydesk:admin'])).status).toBe(400)
    expect((await desk.read(strong)).scopes).toEqual([])
  })

  test('that only admins can use are refused for the key of a member or of a service account, by whomever', async () => {
    const service = await json(
      await desk.gateway.asAdmin(
        '/admin/service-accounts',
        request('POST', { name: 'ci', responsible_user_id: adminId }),
      ),
    )
    const reserved = [
      'admin',
      'users.read',
      'users.write',
      'keys.read',
      'keys.mint',
      'keys.revoke',
      'audit.read',
    ]
    const whole = await keyOf(adminId, ['keydesk:admin'])
    for (const userId of [memberId, service.id]) {
      const plain = await keyOf(userId, ['a'])
      const before = await count()
      for (const scope of reserved.map((name) => `keydesk:${name}`)) {
        const refused = [400, expect.stringContaining(`${scope} needs an admin`)]
        const body = { user_id: userId, scopes: ['a', scope] }
        expect(await detailOf(await desk.postKey(body))).toEqual(refused)
        expect(await detailOf(await mintBy(whole, ['a', scope], userId))).toEqual(refused)
        expect(await detailOf(await patch(plain, ['a', scope]))).toEqual(refused)
      }
      expect(await count()).toBe(before)
      expect((await desk.read(plain)).scopes).toEqual(['a'])
    }
    expect((await desk.postKey({ user_id: memberId, scopes: ['keydesk:introspect'] })).status).toBe(201)
  })

  test.each([
    'keydesk:',
    'keydesk:root',
    'keydesk:keys',
    'keydesk:keys.*',
    'keydesk:keys.write',
    'keydesk:users',
    'keydesk:admin.read',
    'keydesk:admin/',
    'keydesk:introspect.all',
  ])('there is no %s: minting and PATCH are 400, for an admin too', async (scope) => {
    const key = await keyOf(adminId, ['a'])
    const minted = await desk.postKey({ user_id: adminId, scopes: [scope] })
    expect(await detailOf(minted)).toEqual([400, expect.stringContaining('scopes')])
    expect(await detailOf(await patch(key, ['a', scope]))).toEqual([400, expect.stringContaining('scopes')])
    expect((await desk.read(key)).scopes).toEqual(['a'])
  })

  test('written into the database they open nothing either', async () => {
    const key = await keyOf(adminId, [])
    const odd = ['keydesk:*', 'keydesk:', '*', 'KEYDESK:ADMIN', 'keydesk:admin ', 'admin']
    await desk.sql('UPDATE api_keys SET scopes = ? WHERE id = ?', JSON.stringify(odd), idOf(key))
    for (const path of ['/admin/users', '/admin/keys', '/admin/audit'])
      expect((await by(key, 'GET', path)).status, path).toBe(403)
  })
})

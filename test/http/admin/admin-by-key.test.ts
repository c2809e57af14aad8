import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { type PeopleContext, person, request, startPeople } from './people-context.ts'

/** What each scope opens, by requests that change nothing: what is not refused is not there, or makes no sense. */
const parts: Record<string, [method: string, path: string, body?: object][]> = {
  'keydesk:users.read': [
    ['GET', '/admin/users'],
    ['GET', '/admin/users/usr_x'],
    ['GET', '/admin/users/usr_x/sessions'],
    ['GET', '/admin/invitations'],
    ['GET', '/admin/access-rules'],
    ['GET', '/admin/apps'],
    ['GET', '/admin/apps/app_x'],
  ],
  'keydesk:users.write': [
    ['POST', '/admin/users', {}],
    ['PATCH', '/admin/users/usr_x', {}],
    ['DELETE', '/admin/users/usr_x'],
    ['POST', '/admin/users/usr_x/revoke-everything'],
    ['DELETE', '/admin/users/usr_x/sessions'],
    ['DELETE', '/admin/sessions?unknown=1'],
    ['POST', '/admin/service-accounts', {}],
    ['DELETE', '/admin/invitations/inv_x'],
    ['POST', '/admin/access-rules', {}],
    ['POST', '/admin/access-rules/preview', {}],
    ['DELETE', '/admin/access-rules/rul_x'],
  ],
  'keydesk:keys.read': [
    ['GET', '/admin/keys'],
    ['GET', '/admin/keys/k'],
  ],
  'keydesk:keys.mint': [
    ['POST', '/admin/keys', {}],
    ['PATCH', '/admin/keys/k', {}],
    ['POST', '/admin/keys/k/rotate', {}],
  ],
  'keydesk:keys.revoke': [
    ['DELETE', '/admin/keys/k'],
    ['POST', '/admin/keys/k/retire'],
    ['POST', '/admin/keys/revoke', {}],
  ],
  'keydesk:audit.read': [['GET', '/admin/audit']],
}
const everything = Object.entries(parts).flatMap(([scope, requests]) =>
  requests.map((each) => ({ scope, each })),
)

describe('a key at the admin API', () => {
  let desk: Desk
  let bossId: string
  beforeAll(async () => {
    desk = await startDesk()
    bossId = await desk.addUser()
    await desk.sql(`UPDATE users SET role = 'admin' WHERE id IN (?, ?)`, desk.userId, bossId)
  })
  afterAll(() => desk.close())

  const by = (key: string, method: string, path: string, body?: object) => {
    const init = request(method, body)
    return desk.gateway.fetch(path, { ...init, headers: { ...(init.headers as object), 'x-api-key': key } })
  }
  const codeOf = async (response: Response) => [response.status, (await json(response)).code]
  const adminKey = (scopes = ['keydesk:admin'], change: object = {}) => desk.mint({ scopes, ...change })

  test.each(Object.keys(parts))('with %s can do exactly its part', async (scope) => {
    const key = await adminKey([scope, 'ordinary'])
    for (const { scope: wanted, each } of everything) {
      const answer = await codeOf(await by(key, ...each))
      const what = `${each[0]} ${each[1]}`
      if (wanted === scope) expect([200, 400, 404], what).toContain(answer[0])
      else expect(answer, what).toEqual([403, 'insufficient_scope'])
    }
  })

  test('with keydesk:admin can do all of it, as a bearer token too, and the trail names the key', async () => {
    const key = await adminKey()
    for (const { each } of everything)
      expect([200, 400, 404], each.join(' ')).toContain((await by(key, ...each)).status)
    const headers = { authorization: `Bearer ${key}` }
    expect((await desk.gateway.fetch('/admin/users', { headers })).status).toBe(200)
    const made = await by(key, 'POST', '/admin/keys', { user_id: desk.userId, name: 'by key' })
    const { key: minted } = await json(made)
    expect(minted.created_by).toBe(`key:${idOf(key)}`)
    const trail = await json(await desk.gateway.asAdmin(`/admin/audit?target=key:${minted.id}`))
    expect(trail.data[0]).toMatchObject({ action: 'key.minted', actor: `key:${idOf(key)}` })
  })

  test.each([[[]], [['ordinary', 'admin']], [['keydesk:introspect']]])(
    'with %j can do nothing',
    async (scopes) => {
      const key = await adminKey(scopes)
      for (const { each } of everything)
        expect(await codeOf(await by(key, ...each)), each.join(' ')).toEqual([403, 'insufficient_scope'])
    },
  )

  test('of an owner who is demoted, disabled or narrowed can do nothing from the next request on', async () => {
    const key = await adminKey(undefined, { user_id: bossId })
    const answer = async () => codeOf(await by(key, 'GET', '/admin/users'))
    const change = async (body: object) => {
      const response = await desk.gateway.asAdmin(`/admin/users/${bossId}`, request('PATCH', body))
      expect(response.status, await response.text()).toBe(200)
    }
    const [open, closed] = [
      [200, undefined],
      [403, 'insufficient_scope'],
    ]
    expect(await answer()).toEqual(open)
    await change({ role: 'member' })
    expect(await answer()).toEqual(closed)
    expect((await json(await desk.validate(key))).key.scopes).toEqual([])
    await change({ role: 'admin' })
    expect(await answer()).toEqual(open)
    await change({ status: 'disabled' })
    expect(await answer()).toEqual([401, 'unauthenticated'])
    await change({ status: 'active', scope_limit: ['keydesk:keys.read'] })
    expect(await answer()).toEqual(closed)
    await change({ scope_limit: null })
    expect(await answer()).toEqual(open)
  })

  test('that is revoked, expired, forged or from a wrong address is 401', async () => {
    const [revoked, expired] = [await adminKey(), await adminKey()]
    await desk.revoke(revoked)
    await desk.sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', new Date(1), idOf(expired))
    const elsewhere = await adminKey(undefined, { allowed_addresses: ['192.0.2.1'] })
    const forged = `${(await adminKey()).slice(0, -1)}x`
    for (const key of [revoked, expired, elsewhere, forged, '', 'x'])
      expect(await codeOf(await by(key, 'GET', '/admin/users'))).toEqual([401, 'unauthenticated'])
  })

  test('past its rate limit is 429, as everywhere: it is no wrong credential', async () => {
    const key = await adminKey(undefined, { rate_limit: { limit: 1, window_seconds: 3600 } })
    expect((await by(key, 'GET', '/admin/users')).status).toBe(200)
    expect(await codeOf(await by(key, 'GET', '/admin/users'))).toEqual([429, 'rate_limited'])
  })

  test('beside the master key, or beside another key, is 401: two credentials are none', async () => {
    const key = await adminKey()
    for (const authorization of [`Bearer ${desk.gateway.masterKey}`, `Bearer ${key}`, 'Bearer x', '']) {
      const headers = { authorization, 'x-api-key': key }
      expect((await desk.gateway.fetch('/admin/users', { headers })).status, authorization).toBe(401)
    }
  })
})

describe('a bad key beside the session of an admin', () => {
  let context: PeopleContext
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
  })
  afterAll(() => context.close())

  test('is 401, the key of a member 403: the session does not help; a good key is the one who acts', async () => {
    const jar = await context.browserOf(person('boss'))
    const { id } = await context.userOf('boss@example.com')
    const mint = (scopes: string[]) =>
      context.done('POST', '/admin/keys', { user_id: id, name: 'beside', scopes })
    const statusOf = async (headers: Record<string, string>) =>
      (await jar.fetch('/admin/users', { headers })).status
    expect(await statusOf({})).toBe(200)
    const { key, key_text: dead } = await mint(['keydesk:admin'])
    await context.done('DELETE', `/admin/keys/${key.id}`)
    for (const bad of [dead, `${dead.slice(0, -1)}x`, 'x', '']) {
      expect(await statusOf({ 'x-api-key': bad })).toBe(401)
      expect(await statusOf({ authorization: `Bearer ${bad}` })).toBe(401)
    }
    expect(await statusOf({ 'x-api-key': await context.keyOf(person('member')) })).toBe(403)
    const good = await mint(['keydesk:users.write'])
    expect(await statusOf({ 'x-api-key': good.key_text })).toBe(403)
    const init = request('POST', { name: 'made by key' })
    const headers = { ...(init.headers as object), 'x-api-key': good.key_text }
    expect((await jar.fetch('/admin/service-accounts', { ...init, headers })).status).toBe(201)
    expect((await context.audit('user.created'))[0].actor).toBe(`key:${good.key.id}`)
  })
})

describe('ADMIN_BEARER=off', () => {
  test('closes the door of the master key while there is an active admin, from the next request on, and no longer', async () => {
    const desk = await startDesk({ ADMIN_BEARER: 'off' })
    const statusOf = async () => (await desk.gateway.asAdmin('/admin/users')).status
    const set = (role: string, status: string) =>
      desk.sql('UPDATE users SET role = ?, status = ? WHERE id = ?', role, status, desk.userId)
    expect(await statusOf()).toBe(200)
    await set('admin', 'active')
    const key = await desk.gateway.fetch('/admin/users')
    expect(key.status).toBe(401)
    expect(await statusOf()).toBe(401)
    await set('admin', 'disabled')
    expect(await statusOf()).toBe(200)
    await set('member', 'active')
    // What an admin's key can do goes on without it.
    const early = await desk.mint({ scopes: [] })
    await desk.sql(`UPDATE api_keys SET scopes = '["keydesk:users.read"]' WHERE id = ?`, idOf(early))
    await set('admin', 'active')
    expect(await statusOf()).toBe(401)
    const byKey = await desk.gateway.fetch('/admin/users', { headers: { 'x-api-key': early } })
    expect(byKey.status).toBe(200)
    await desk.gateway.restart({ ADMIN_BEARER: 'on' })
    expect(await statusOf()).toBe(200)
    await desk.close()
  })
})

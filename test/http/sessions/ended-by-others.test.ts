import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, auditOf, startAttackedGateway } from '../../support/attack.ts'
import { json } from '../../support/json.ts'
import { type SignedInBrowser, signInWrongForSession, stateAt } from '../../support/signed-in.ts'

describe('the sessions of a user end', () => {
  let context: Attacked
  let zoe: SignedInBrowser
  let zoeId: string
  let people = 0
  beforeAll(async () => {
    context = await startAttackedGateway({
      ADMIN_EMAILS: 'wanda@example.com',
      AUTH_RATE_LIMIT: 'off',
      FAILURE_RATE_LIMIT: 'off',
    })
  })
  /** Somebody new for each test. */
  beforeEach(async () => {
    people += 1
    Object.assign(context.wrong.account, { sub: `${people}`, email: `zoe${people}@example.com`, name: 'Zoe' })
    zoe = await signInWrongForSession(context)
    zoeId = (await json(await stateAt(context.gateway, zoe.secret))).user.id
  })
  afterAll(() => context.close())

  const codeOf = async ({ secret }: SignedInBrowser) => {
    const response = await stateAt(context.gateway, secret)
    return response.status === 200 ? 'alive' : (await json(response)).code
  }
  const post = (path: string, body?: object, method = 'POST') =>
    context.gateway.asAdmin(path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const remove = (path: string) => context.gateway.asAdmin(path, { method: 'DELETE' })
  async function asWanda(): Promise<SignedInBrowser> {
    context.wrong.reset()
    return signInWrongForSession(context)
  }

  test('when an admin ends them, all of them, and those of nobody else', async () => {
    const second = await signInWrongForSession(context)
    const wanda = await asWanda()
    expect((await remove(`/admin/users/${zoeId}/sessions`)).status).toBe(204)
    expect([await codeOf(zoe), await codeOf(second), await codeOf(wanda)]).toEqual([
      'unauthenticated',
      'unauthenticated',
      'alive',
    ])
    expect((await auditOf(context, 'sessions.ended'))[0]).toMatchObject({
      actor: 'master_key',
      target: `user:${zoeId}`,
    })
    // It is no ban: the person may sign in again.
    Object.assign(context.wrong.account, { sub: `${people}`, email: `zoe${people}@example.com` })
    expect(await codeOf(await signInWrongForSession(context, { jar: zoe.jar }))).toBe('alive')
  })

  test('when an admin ends them from a browser, who stays signed in', async () => {
    const wanda = await asWanda()
    const from = { headers: { 'sec-fetch-site': 'same-origin' }, method: 'DELETE' }
    expect((await wanda.jar.fetch(`/admin/users/${zoeId}/sessions`, from)).status).toBe(204)
    expect([await codeOf(zoe), await codeOf(wanda)]).toEqual(['unauthenticated', 'alive'])
    const { user } = await json(await stateAt(context.gateway, wanda.secret))
    expect((await auditOf(context, 'sessions.ended'))[0].actor).toBe(`user:${user.id}`)
  })

  test('when an admin ends those of everybody, the admin’s own among them', async () => {
    const wanda = await asWanda()
    const from = { headers: { 'sec-fetch-site': 'same-origin' }, method: 'DELETE' }
    expect((await wanda.jar.fetch('/admin/sessions', from)).status).toBe(204)
    expect([await codeOf(zoe), await codeOf(wanda)]).toEqual(['unauthenticated', 'unauthenticated'])
    expect(await context.gateway.database.rows('SELECT id FROM sessions')).toEqual([])
    expect((await auditOf(context, 'sessions.ended'))[0].target).toBeNull()
    expect((await remove('/admin/sessions')).status).toBe(204)
  })

  test('for good when the user is disabled: enabling brings none back', async () => {
    expect((await post(`/admin/users/${zoeId}`, { status: 'disabled' }, 'PATCH')).status).toBe(200)
    expect(await codeOf(zoe)).toBe('unauthenticated')
    expect((await post(`/admin/users/${zoeId}`, { status: 'active' }, 'PATCH')).status).toBe(200)
    expect(await codeOf(zoe)).toBe('unauthenticated')
    expect(await codeOf(await signInWrongForSession(context, { jar: zoe.jar }))).toBe('alive')
  })

  test('for good when everything is revoked, and when the user is erased', async () => {
    const answer = await json(await post(`/admin/users/${zoeId}/revoke-everything`))
    expect(answer).toMatchObject({ sessions_ended: 1 })
    expect(await codeOf(zoe)).toBe('unauthenticated')
    const again = await signInWrongForSession(context)
    expect((await remove(`/admin/users/${zoeId}`)).status).toBe(204)
    expect(await codeOf(again)).toBe('unauthenticated')
    expect((await context.gateway.asAdmin(`/admin/users/${zoeId}/sessions`)).status).toBe(404)
  })

  test('open nothing while the user is disabled behind Keydesk’s back, at every door', async () => {
    await context.gateway.database.change("UPDATE users SET status = 'disabled' WHERE id = ?", zoeId)
    expect(await codeOf(zoe)).toBe('user_disabled')
    const own = { 'sec-fetch-site': 'same-origin', accept: 'application/json' }
    expect((await zoe.jar.fetch('/account', { headers: own })).status).toBe(401)
    expect((await zoe.jar.fetch('/account/identities', { method: 'POST', headers: own })).status).toBe(401)
    expect((await zoe.jar.fetch('/admin/users', { headers: own })).status).toBe(401)
    expect(await (await zoe.jar.fetch('/')).text()).not.toContain('Zoe')
    await expect(signInWrongForSession(context)).rejects.toThrow('403')
  })

  test('to be of use at the next request after a rule that refuses the person, and come back with it gone', async () => {
    const rule = await json(
      await post('/admin/access-rules', { kind: 'deny_email', value: `zoe${people}@example.com` }),
    )
    expect(await codeOf(zoe)).toBe('owner_not_allowed')
    expect((await zoe.jar.fetch('/account', { headers: { accept: 'text/html' } })).status).toBe(401)
    expect((await remove(`/admin/access-rules/${rule.id}`)).status).toBe(204)
    expect(await codeOf(zoe)).toBe('alive')
  })

  test('as an admin’s at the next request after the role is taken away', async () => {
    await asWanda()
    await post(`/admin/users/${zoeId}`, { role: 'admin' }, 'PATCH')
    expect((await zoe.jar.fetch('/admin/users')).status).toBe(200)
    await post(`/admin/users/${zoeId}`, { role: 'member' }, 'PATCH')
    const refused = await zoe.jar.fetch('/admin/users')
    expect({ status: refused.status, code: (await json(refused)).code }).toEqual({
      status: 403,
      code: 'forbidden',
    })
    expect(await codeOf(zoe)).toBe('alive')
  })

  test('while others look on: a list of sessions names neither value nor hash', async () => {
    const response = await context.gateway.asAdmin(`/admin/users/${zoeId}/sessions`)
    const text = await response.text()
    const [row] = await context.gateway.database.rows('SELECT * FROM sessions WHERE user_id = ?', zoeId)
    expect(text).not.toContain(row.secret_hash)
    expect(text).not.toContain(zoe.secret)
    const { data } = JSON.parse(text)
    expect(data).toHaveLength(1)
    expect(Object.keys(data[0]).sort()).toEqual([
      'address',
      'created_at',
      'expires_at',
      'id',
      'last_seen_at',
      'provider',
      'user_agent',
    ])
  })

  test('under 50 requests that come while they are ended: none is let in after the answer', async () => {
    const looks = Array.from({ length: 50 }, () => stateAt(context.gateway, zoe.secret))
    await remove(`/admin/users/${zoeId}/sessions`)
    expect(await codeOf(zoe)).toBe('unauthenticated')
    for (const look of looks) expect([200, 401]).toContain((await look).status)
    expect(await codeOf(zoe)).toBe('unauthenticated')
    expect(await context.gateway.database.rows('SELECT id FROM sessions WHERE user_id = ?', zoeId)).toEqual(
      [],
    )
  })
})

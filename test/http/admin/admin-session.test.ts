import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CookieJar } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { fromOwnPage, type PeopleContext, person, request, startPeople } from './people-context.ts'

describe('a browser session at the admin API', () => {
  let context: PeopleContext
  let admin: CookieJar
  let member: CookieJar
  let adminId: string
  let memberId: string
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
    // Somebody who can be demoted beside the boss.
    await context.keyOf(person('boss'))
    member = await context.browserOf(person('member'))
    memberId = (await context.userOf('member@example.com')).id
  })
  beforeEach(async () => {
    admin = await context.browserOf(person('ada'))
    adminId = (await context.userOf('ada@example.com')).id
    await context.done('PATCH', `/admin/users/${adminId}`, { role: 'admin', status: 'active' })
  })
  afterAll(() => context.close())

  const reads = ['/admin/users', '/admin/keys', '/admin/audit', '/admin/access-rules', '/admin/invitations']
  const codeOf = async (response: Response) => [response.status, (await json(response)).code]

  test('of an admin reads everything', async () => {
    for (const path of [...reads, `/admin/users/${memberId}`, `/admin/users/${memberId}/sessions`])
      expect((await admin.fetch(path)).status, path).toBe(200)
  })

  test('of an admin writes from a page of ours, and the trail names the admin', async () => {
    const rule = { kind: 'deny_email', value: 'x@corp.com', note: 'by hand' }
    const made = await admin.fetch('/admin/access-rules', fromOwnPage('POST', rule))
    expect(made.status).toBe(201)
    const { id, created_by: author } = await json(made)
    expect(author).toBe(`user:${adminId}`)
    expect((await context.audit('access_rule.created'))[0]).toMatchObject({ actor: `user:${adminId}` })
    expect((await admin.fetch(`/admin/access-rules/${id}`, fromOwnPage('DELETE'))).status).toBe(204)
    const byOrigin = request('PATCH', { groups: ['by-origin'] })
    const headers = { ...(byOrigin.headers as object), origin: context.gateway.url }
    expect((await admin.fetch(`/admin/users/${memberId}`, { ...byOrigin, headers })).status).toBe(200)
  })

  test.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['same-site', { 'sec-fetch-site': 'same-site' }],
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['none', { 'sec-fetch-site': 'none' }],
    ['two values', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['a foreign origin', { origin: 'https://evil.test' }],
    ['the origin null', { origin: 'null' }],
    ['another port', { origin: 'http://localhost:1' }],
    ['same-origin, with a foreign origin', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.test' }],
    ['a referrer alone', { referer: 'http://localhost/' }],
  ])('writes nothing where the browser says %s', async (_, headers) => {
    const before = await context.get(`/admin/users/${memberId}`)
    const writes: [string, string, unknown][] = [
      ['PATCH', `/admin/users/${memberId}`, { groups: ['stolen'] }],
      ['POST', '/admin/keys', { user_id: memberId, name: 'stolen' }],
      ['POST', '/admin/access-rules', { kind: 'allow_domain', value: 'evil.test' }],
      ['POST', '/admin/users', { email: 'eve@evil.test', role: 'admin' }],
      ['POST', '/admin/service-accounts', { name: 'stolen' }],
      ['POST', `/admin/users/${memberId}/revoke-everything`, undefined],
      ['DELETE', `/admin/users/${memberId}`, undefined],
      ['DELETE', '/admin/sessions', undefined],
    ]
    for (const [method, path, body] of writes) {
      const init = request(method, body)
      const response = await admin.fetch(path, {
        ...init,
        headers: { ...(init.headers as object), ...headers },
      })
      expect(await codeOf(response), `${method} ${path}`).toEqual([403, 'forbidden'])
    }
    expect(await context.get(`/admin/users/${memberId}`)).toEqual(before)
    expect((await admin.fetch('/admin/users')).status).toBe(200)
  })

  test('reads for no page of another site, a sibling’s neither: an export would cost us much', async () => {
    for (const site of ['cross-site', 'same-site']) {
      for (const path of [...reads, '/admin/audit/export', '/admin/audit/verify']) {
        const response = await admin.fetch(path, { headers: { 'sec-fetch-site': site } })
        expect(await codeOf(response), `${site} ${path}`).toEqual([403, 'forbidden'])
      }
    }
    for (const site of ['none', 'same-origin'])
      expect((await admin.fetch('/admin/users', { headers: { 'sec-fetch-site': site } })).status).toBe(200)
  })

  test('of a member is 403 for everything, in the audit trail, and tells nothing', async () => {
    for (const path of reads) {
      const response = await member.fetch(path)
      expect(await codeOf(response), path).toEqual([403, 'forbidden'])
    }
    const raise = fromOwnPage('PATCH', { role: 'admin' })
    expect((await member.fetch(`/admin/users/${memberId}`, raise)).status).toBe(403)
    expect(await context.get(`/admin/users/${memberId}`)).toMatchObject({ role: 'member' })
    const refusals = await context.audit('admin.refused')
    expect(refusals.map(({ facts }) => facts.reason)).toContain('not_an_admin')
  })

  test('of an admin who is demoted is 403 on the next request', async () => {
    expect((await admin.fetch('/admin/users')).status).toBe(200)
    await context.done('PATCH', `/admin/users/${adminId}`, { role: 'member' })
    expect(await codeOf(await admin.fetch('/admin/users'))).toEqual([403, 'forbidden'])
  })

  test('of an admin who is disabled is 401 on the next request, also where the session is still there', async () => {
    await context.done('PATCH', `/admin/users/${adminId}`, { status: 'disabled' })
    expect((await admin.fetch('/admin/users')).status).toBe(401)
    await context.done('PATCH', `/admin/users/${adminId}`, { status: 'active' })
    const again = await context.browserOf(person('ada'))
    await context.gateway.database.change("UPDATE users SET status = 'disabled' WHERE id = ?", adminId)
    const refused = await again.fetch('/admin/users')
    expect(await codeOf(refused)).toEqual([401, 'user_disabled'])
    await context.done('PATCH', `/admin/users/${adminId}`, { status: 'active' })
  })

  test('of an admin whom a rule names is 401 on the next request', async () => {
    const { id } = await context.done('POST', '/admin/access-rules', {
      kind: 'deny_email',
      value: 'ada@example.com',
    })
    expect(await codeOf(await admin.fetch('/admin/users'))).toEqual([401, 'owner_not_allowed'])
    await context.done('DELETE', `/admin/access-rules/${id}`)
    expect((await admin.fetch('/admin/users')).status).toBe(200)
  })

  test('does not help a header that was sent and is wrong: 401, no silent fall back', async () => {
    const headers: Record<string, string>[] = [
      { authorization: 'Bearer wrong' },
      { authorization: 'Bearer ' },
      { authorization: '' },
      { authorization: 'Basic YTpi' },
      { authorization: `Basic ${context.gateway.masterKey}` },
      { 'x-api-key': 'wrong' },
      { 'x-api-key': '' },
      { 'x-api-key': context.gateway.masterKey },
    ]
    for (const header of headers) {
      const response = await admin.fetch('/admin/users', { headers: header })
      expect(await codeOf(response), JSON.stringify(header)).toEqual([401, 'unauthenticated'])
      expect(response.headers.get('www-authenticate')).toContain('Bearer')
    }
  })

  test('is nothing with another cookie name, a cut or changed value, or two of them', async () => {
    const value = admin.cookies.get('__Host-keydesk') ?? ''
    const cookies = [
      `keydesk=${value}`,
      `__Secure-keydesk-app=${value}`,
      `__Host-keydesk=${value.slice(0, -1)}`,
      `__Host-keydesk=${value}A`,
      `__Host-keydesk="${value}"`,
      `__Host-keydesk=${value}; __Host-keydesk=${value}`,
      `__Host-keydesk=${value.toUpperCase()}`,
      '__Host-keydesk=',
      "__Host-keydesk=' OR 1=1 --",
      `__Host-keydesk=${'x'.repeat(7000)}`,
    ]
    for (const cookie of cookies) {
      const response = await context.gateway.fetch('/admin/users', { headers: { cookie } })
      expect(response.status, cookie.slice(0, 60)).toBe(401)
    }
    expect((await admin.fetch('/admin/users')).status).toBe(200)
  })
})

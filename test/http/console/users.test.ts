import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenOf } from '../../support/page-forms.ts'
import { fromOwnPage, person } from '../admin/people-context.ts'
import { startConsoleOfUsers, type UsersContext, unchanged } from './users-context.ts'

let context: UsersContext
beforeAll(async () => {
  context = await startConsoleOfUsers()
})
afterAll(() => context.close())

const hostile = `<script>alert(1)</script><img src=x onerror="alert(2)">'"`
const actorOf = async (action: string, id: string) =>
  (await context.audit(action)).find(({ target }) => target === `user:${id}`)?.actor
const byBoss = () => `user:${context.bossId}`

describe('the list of users', () => {
  test('shows people with their live keys and last sign-in, and no service account', async () => {
    const { id, key } = await context.newcomer('lists')
    await context.done('DELETE', `/admin/keys/${key.split('_')[1]}`)
    await context.keyOf(person('lists'))
    const account = { name: 'A machine', responsible_user_id: id }
    await context.done('POST', '/admin/service-accounts', account)
    const page = await context.page('/console/users?search=LISTS@')
    expect(page).toMatch(/<tbody>(?:(?!<\/tr>).)*lists Example(?:(?!<\/tr>).)*<\/tr><\/tbody>/)
    expect(page).toContain('<td data-label="Live keys">1</td>')
    expect(page).toMatch(/<td data-label="Last sign-in"><time[^>]*>just now</)
    expect(await context.page('/console/users')).not.toContain('A machine')
  })

  test('is narrowed by role and status, and says what to do where nobody is like that', async () => {
    const { id } = await context.newcomer('narrow')
    await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
    expect(await context.page('/console/users?status=disabled&role=member&search=')).toContain('narrow Ex')
    expect(await context.page('/console/users?role=admin')).not.toContain('narrow Ex')
    expect(await context.page('/console/users?search=nobody-at-all')).toContain('Show everybody')
  })

  test('goes on page by page with the same filters', async () => {
    for (let count = 0; count < 27; count += 1)
      await context.gateway.database.change(
        `INSERT INTO users (id, kind, email, name, role, groups, status, version, created_at, updated_at)
         VALUES (?, 'person', ?, ?, 'member', '[]', 'active', 1, ?, ?)`,
        `usr_paged${count}`,
        `paged${count}@example.com`,
        `Paged ${count} x`,
        new Date(),
        new Date(),
      )
    const first = await context.page('/console/users?search=paged')
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(next).toContain('search=paged')
    const second = await context.page(next)
    const names = [first, second].flatMap((page) => [...page.matchAll(/Paged (\d+) x</g)].map(([, n]) => n))
    expect(new Set(names).size).toBe(27)
    expect(names).toHaveLength(27)
    expect(Buffer.byteLength(first)).toBeLessThan(30_000)
  })

  test.each(['role=boss', 'status=erased', 'kind=service', 'cursor=x', 'done=x', 'search=a&search=b', 'x=1'])(
    '%s is 400, and names the parameter',
    async (query) => {
      const response = await context.boss.fetch(`/console/users?${query}`)
      expect(response.status).toBe(400)
      expect(await response.text()).toContain(query.split('=')[0])
    },
  )
})

describe('the page of a user', () => {
  test('shows keys, accounts, sessions and the way to the trail', async () => {
    const { id, key, path } = await context.newcomer('whole')
    const page = await context.page(path)
    for (const text of [
      'whole@example.com',
      `/console/keys/${key.split('_')[1]}`,
      `/console/keys/new?user_id=${id}`,
      `/console/audit?target=user%3A${id}`,
      'End this session',
      'Revoke everything',
    ])
      expect(page).toContain(text)
    expect(page).not.toContain(key)
    expect(page).not.toContain('This is you')
  })

  test('shows hostile text as text, wherever it comes from', async () => {
    const claims = person('hostile', { name: hostile })
    await context.keyOf(claims)
    await context.browserOf(claims, { 'user-agent': hostile })
    const { id } = await context.userOf('hostile@example.com')
    const account = { name: hostile, responsible_user_id: id }
    const made = await context.done('POST', '/admin/service-accounts', account)
    await context.done('POST', '/admin/keys', { user_id: id, name: hostile })
    const pages = [
      'users',
      `users/${id}`,
      `users/${made.id}`,
      'service-accounts',
      'users?search=%3Cscript%3E',
    ]
    for (const where of pages) {
      const page = await context.page(`/console/${where}`)
      expect(page, where).not.toMatch(/<script>|<img/)
      expect(page, where).toContain('&lt;script&gt;')
    }
  })

  test('of nobody, of whoever was erased, and at a senseless address is 404', async () => {
    const { id, path } = await context.newcomer('missing')
    await context.done('DELETE', `/admin/users/${id}`)
    for (const missing of [path, '/console/users/usr_x', '/console/users/%00']) {
      expect((await context.boss.fetch(missing)).status, missing).toBe(404)
      const { status } = await context.submit(`${missing}/sessions/end`, {})
      expect(status, missing).toBe(404)
    }
    expect((await context.boss.fetch(`/console/users/${context.bossId}?x=1`)).status).toBe(400)
  })
})

describe('the form of a user', () => {
  test('changes role, groups and limit at once, and the trail names the admin', async () => {
    const { id, path } = await context.newcomer('changed')
    const { version } = await context.user(id)
    const fields = { groups: 'ops  ci', limit: 'listed', scope_limit: 'a\r\nb', role: 'admin' }
    const location = await context.leadsTo(path, { ...fields, version: String(version) })
    expect(location).toBe(`${path}?done=user_changed`)
    expect(await context.page(location)).toContain('The change is in force.')
    const after = await context.user(id)
    expect(after).toMatchObject({ role: 'admin', groups: ['ops', 'ci'], scope_limit: ['a', 'b'] })
    expect([await actorOf('user.role_changed', id), await actorOf('user.updated', id)]).toEqual([
      byBoss(),
      byBoss(),
    ])
    const none = { ...unchanged, limit: 'listed', version: String(after.version) }
    await context.leadsTo(path, none)
    expect(await context.user(id)).toMatchObject({ role: 'member', groups: [], scope_limit: [] })
  })

  test('of a page that is not true any more changes nothing, and shows what is there now', async () => {
    const { id, path } = await context.newcomer('stale')
    const { version } = await context.user(id)
    await context.done('PATCH', `/admin/users/${id}`, { groups: ['by-another'] })
    for (const [where, fields] of [
      [path, { ...unchanged, groups: 'mine' }],
      [path, { status: 'disabled' }],
      [`${path}/erase`, {}],
    ] as const) {
      const page = await context.expectNothing({ status: 412, says: 'That was not done.' }, where, {
        ...fields,
        version: String(version),
      } as Record<string, string>)
      expect(page).toContain('value="by-another"')
      expect(page).toContain(`name="version" value="${version + 1}"`)
      expect(page).not.toContain('value="mine"')
    }
  })

  test.each<[string, Record<string, string>]>([
    ['groups', { groups: 'No!' }],
    ['scope_limit', { limit: 'listed', scope_limit: 'UPPER' }],
    ['scope_limit', { limit: 'none', scope_limit: 'reports:read' }],
    ['limit', { limit: 'all' }],
    ['role', { role: 'owner' }],
    ['version', { version: 'x' }],
    ['name', { name: 'A new name' }],
    ['responsible', { responsible: 'boss@example.com' }],
    ['surprise', { surprise: '1' }],
  ])('400 names %s of %j, changes nothing, and keeps what was typed', async (field, fields) => {
    const { id, path } = await context.newcomer('bad')
    const version = String((await context.user(id)).version)
    const typed = { ...unchanged, version, groups: 'typed', ...fields }
    const page = await context.expectNothing({ status: 400, says: field }, path, typed)
    if (fields.version === undefined && fields.groups === undefined) expect(page).toContain('value="typed"')
  })
})

describe('every form of the console about users', () => {
  const forms = [
    ['', unchanged],
    ['/revoke-everything', {}],
    ['/erase', { version: '1' }],
    ['/identities', { email: 'x@example.com', provider: 'google' }],
    ['/identities/idn_x/remove', {}],
    ['/sessions/end', {}],
    ['/sessions/ses_x/end', {}],
  ] as const

  test.each(forms)('%s does nothing with a wrong token, or for a member', async (what, fields) => {
    const { id, path } = await context.newcomer(`form${what.length}`)
    const deputy = await context.browserOf(person('deputy'))
    const othersToken = tokenOf(await context.page('/console/service-accounts', deputy))
    for (const token of ['', 'x', othersToken])
      await context.expectNothing({ status: 403 }, `${path}${what}`, fields, { token })
    const { jar } = await context.newcomer('member')
    await context.expectNothing({ status: 403 }, `${path}${what}`, fields, { jar, token: 'x' })
    const crossSite = await context.boss.fetch(`${path}${what}`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams(fields),
    })
    expect(crossSite.status).toBe(403)
    expect(await context.user(id)).toMatchObject({ status: 'active' })
    expect((await jar.fetch(path)).status).toBe(403)
    const json = await context.boss.fetch(`${path}${what}`, fromOwnPage('POST', fields))
    expect(json.status).toBe(415)
  })
})

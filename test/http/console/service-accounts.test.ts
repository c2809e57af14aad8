import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemOn, startConsoleOfUsers, type UsersContext, unchanged } from './users-context.ts'

const path = '/console/service-accounts'
let context: UsersContext
let ada: Awaited<ReturnType<UsersContext['newcomer']>>
beforeAll(async () => {
  context = await startConsoleOfUsers()
  ada = await context.newcomer('ada')
})
afterAll(() => context.close())

const fresh = (change: Record<string, string> = {}) => ({
  name: 'Nightly build',
  responsible: 'ada@example.com',
  groups: 'ci',
  limit: 'listed',
  scope_limit: 'reports:read',
  ...change,
})
async function made(change: Record<string, string> = {}): Promise<{ id: string; path: string }> {
  const location = await context.leadsTo(path, fresh(change))
  const [, id = ''] = /^\/console\/users\/(usr_\w+)\?done=account_made$/.exec(location) ?? []
  return { id, path: `/console/users/${id}` }
}
/** The form of the page, as it stands. */
const { role: _, ...others } = unchanged
const form = (change: Record<string, string>) => ({
  ...others,
  name: 'CI',
  responsible: 'ada@example.com',
  ...change,
})

describe('a service account in the console', () => {
  test('is made with a person who answers for it, and is on its own page then', async () => {
    const { id, path: page } = await made()
    expect(await context.user(id)).toMatchObject({
      kind: 'service',
      name: 'Nightly build',
      groups: ['ci'],
      scope_limit: ['reports:read'],
      responsible: { id: ada.id },
    })
    expect((await context.audit('user.created'))[0]).toMatchObject({
      actor: `user:${context.bossId}`,
      target: `user:${id}`,
    })
    const shown = await context.page(`${page}?done=account_made`)
    for (const text of ['Now make a key for it', 'ada Example', `/console/keys/new?user_id=${id}`])
      expect(shown).toContain(text)
    expect(shown).not.toMatch(/How they sign in|f-role/)
    expect(await context.page(ada.path)).toContain(`${path}?responsible_user_id=${ada.id}`)
  })

  test('is listed with its live keys and who answers, and found by that', async () => {
    const { id } = await made({ name: 'Listed' })
    await context.done('POST', '/admin/keys', { user_id: id, name: 'k' })
    const list = await context.page(`${path}?search=listed&status=active&without_responsible=`)
    expect(list).toContain('<td data-label="Live keys">1</td>')
    expect(list).toContain(`<a href="/console/users/${ada.id}">ada Example</a>`)
    expect(await context.page(`${path}?responsible_user_id=${ada.id}`)).toContain('Listed')
    expect(await context.page(`${path}?responsible_user_id=${context.bossId}`)).toContain('Show all of them')
    expect(await context.page(`${path}?without_responsible=true`)).not.toContain('Listed')
  })

  test('is called and answered for otherwise from now on', async () => {
    const { id, path: page } = await made()
    const location = await context.leadsTo(page, form({ responsible: 'BOSS@example.com', name: 'Renamed' }))
    expect(location).toBe(`${page}?done=user_changed`)
    expect(await context.user(id)).toMatchObject({
      name: 'Renamed',
      responsible: { id: context.bossId },
      groups: [],
      scope_limit: null,
    })
    expect((await context.audit('user.updated'))[0]).toMatchObject({
      actor: `user:${context.bossId}`,
      target: `user:${id}`,
    })
  })

  test('says that nobody answers when that person is erased, and that the person is disabled before', async () => {
    const leaver = await context.newcomer('leaver')
    const { id, path: page } = await made({ name: 'Orphan', responsible: 'leaver@example.com' })
    await context.done('PATCH', `/admin/users/${leaver.id}`, { status: 'disabled' })
    expect(await context.page(page)).toMatch(/leaver Example<\/a> *<span class="badge bad">disabled/)
    // Whoever answers stays: nothing of that is changed.
    await context.leadsTo(page, form({ responsible: 'leaver@example.com', name: 'Orphan', groups: 'kept' }))
    expect(await context.page(leaver.path)).toContain('Nobody answers for one service account then.')
    await context.done('DELETE', `/admin/users/${leaver.id}`)
    expect(await context.page(page)).toContain('Nobody answers for it')
    expect(await context.page(`${path}?without_responsible=true`)).toContain('Orphan')
    const { version } = await context.user(id)
    const unanswered = form({ responsible: '', version: String(version) })
    await context.expectNothing({ status: 400, says: 'responsible' }, page, unanswered)
    await context.leadsTo(page, form({ version: String(version) }))
    expect(await context.user(id)).toMatchObject({ responsible: { id: ada.id } })
  })

  test('is never an admin, and nobody signs in as it', async () => {
    const { id, path: page } = await made()
    await context.expectNothing({ status: 400, says: 'role' }, page, { version: '1', role: 'admin' })
    const approval = { email: 'robot@example.com', provider: 'google' }
    await context.expectNothing({ status: 409, says: 'person' }, `${page}/identities`, approval)
    expect(await context.user(id)).toMatchObject({ role: 'member', identities: [] })
  })
})

test.each<[string, Record<string, string>]>([
  ['name', { name: ' ' }],
  ['name', { name: 'a\nb' }],
  ['responsible', { responsible: '' }],
  ['responsible', { responsible: 'nobody@example.com' }],
  ['responsible', { responsible: 'no address' }],
  ['groups', { groups: 'No!' }],
  ['scope_limit', { limit: 'none' }],
  ['limit', { limit: '' }],
  ['kind', { kind: 'person' }],
  ['responsible_user_id', { responsible_user_id: 'usr_x' }],
])('a form of a new one with a wrong %s (%j) makes nothing, and keeps the rest', async (field, change) => {
  const page = await context.expectNothing({ status: 400, says: field }, path, fresh(change))
  expect(problemOn(page)).toContain(field)
  if (change.name === undefined) expect(page).toContain('value="Nightly build"')
})

test('a service account is made with a token of the session alone, and by an admin alone', async () => {
  for (const token of ['', 'x']) await context.expectNothing({ status: 403 }, path, fresh(), { token })
  await context.expectNothing({ status: 403 }, path, fresh(), { jar: ada.jar, token: 'x' })
  expect((await ada.jar.fetch(path)).status).toBe(403)
  expect((await context.gateway.fetch(path)).headers.get('location')).toContain('/auth/login?return_to=')
})

test.each(['status=erased', 'kind=person', 'without_responsible=false', 'cursor=x', 'done=x', 'x=1'])(
  'the list with %s is 400, and names the parameter',
  async (query) => {
    const response = await context.boss.fetch(`${path}?${query}`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(query.split('=')[0])
  },
)

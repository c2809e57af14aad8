import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { type PeopleContext, person, startPeople } from './people-context.ts'

describe('finding users', () => {
  let context: PeopleContext
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
    const people = [
      person('ada', { name: 'Ada Lovelace' }),
      person('boss', { name: 'The Boss' }),
      person('per_cent', { name: '100% Real' }),
      person('perxcent', { name: '100 Percent' }),
      person('ue', { name: 'Ünal Çelik' }),
      person('slash', { name: 'back\\slash' }),
    ]
    for (const claims of people) await context.keyOf(claims)
    const { id } = await context.userOf('perxcent@example.com')
    await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
    await context.done('POST', '/admin/service-accounts', {
      name: 'Ada’s CI',
      responsible_user_id: (await context.userOf('boss@example.com')).id,
    })
  })
  afterAll(() => context.close())

  const found = async (query: string) => {
    const { data } = await context.get(`/admin/users?${query}`)
    return data.map(({ name }: any) => name).sort()
  }
  const search = (text: string, more = '') => found(`search=${encodeURIComponent(text)}${more}`)

  test('by a part of the name or of the address, in any case', async () => {
    expect(await search('lovelace')).toEqual(['Ada Lovelace'])
    expect(await search('ADA')).toEqual(['Ada Lovelace', 'Ada’s CI'])
    expect(await search('boss@EXAMPLE')).toEqual(['The Boss'])
    expect(await search(' Boss ')).toEqual(['The Boss'])
    expect(await search('@example.com')).toHaveLength(6)
    expect(await search('nobody')).toEqual([])
  })

  test('%, _ and \\ stand for themselves, and nothing is read as SQL', async () => {
    expect(await search('100%')).toEqual(['100% Real'])
    expect(await search('%')).toEqual(['100% Real'])
    expect(await search('per_cent')).toEqual(['100% Real'])
    expect(await search('_')).toEqual(['100% Real'])
    expect(await search('back\\slash')).toEqual(['back\\slash'])
    expect(await search('\\')).toEqual(['back\\slash'])
    expect(await search("' OR 1=1 --")).toEqual([])
  })

  test('a name is found as it is written, whatever its letters', async () => {
    expect(await search('Ünal')).toEqual(['Ünal Çelik'])
    expect(await search('elik')).toEqual(['Ünal Çelik'])
  })

  test('by status, role and kind, together with a search', async () => {
    expect(await found('status=disabled')).toEqual(['100 Percent'])
    expect(await found('status=active')).toHaveLength(6)
    expect(await found('role=admin')).toEqual(['The Boss'])
    expect(await found('kind=service')).toEqual(['Ada’s CI'])
    expect(await found('kind=person&status=active')).toHaveLength(5)
    expect(await search('ada', '&kind=person')).toEqual(['Ada Lovelace'])
    expect(await search('ada', '&kind=person&status=disabled')).toEqual([])
    expect(await search('boss', '&role=member')).toEqual([])
  })

  test('page by page, complete and without repeats, with a search', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const more: string = cursor === null ? '' : `&cursor=${cursor}`
      const page: any = await context.get(`/admin/users?search=example&limit=2${more}`)
      seen.push(...page.data.map(({ email }: any) => email))
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(seen).toHaveLength(6)
    expect(new Set(seen).size).toBe(6)
  })

  test.each([
    'search=',
    'search=%20',
    'search=%00',
    `search=${'x'.repeat(201)}`,
    'status=erased',
    'status=Active',
    'role=owner',
    'kind=robot',
    'email=ada@example.com',
    'search=a&search=b',
  ])('%s is 400 and names the parameter', async (query) => {
    const response = await context.gateway.asAdmin(`/admin/users?${query}`)
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(query.split('=')[0])
  })
})

describe('changing a user', () => {
  let context: PeopleContext
  let id: string
  let key: string
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
    await context.keyOf(person('boss'))
    key = await context.keyOf(person('ada'))
    id = (await context.userOf('ada@example.com')).id
  })
  afterAll(() => context.close())
  const patch = (change: unknown) => context.send('PATCH', `/admin/users/${id}`, change)

  test('role, groups and scope limit are in force on the next request', async () => {
    const { key_text: scoped } = await context.done('POST', '/admin/keys', {
      user_id: id,
      name: 'scoped',
      scopes: ['a', 'b'],
    })
    expect(await context.codeFor(scoped, '?scope=b')).toBe('valid')
    const response = await patch({ role: 'admin', groups: ['ops', 'dev', 'ops'], scope_limit: ['a', 'a'] })
    expect(response.status).toBe(200)
    const user = await json(response)
    expect(user).toMatchObject({ id, role: 'admin', groups: ['ops', 'dev'], scope_limit: ['a'] })
    expect(await context.get(`/admin/users/${id}`)).toMatchObject(user)
    const answer = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': scoped } })
    expect(await json(answer)).toMatchObject({
      user: { role: 'admin', groups: ['ops', 'dev'] },
      key: { scopes: ['a'] },
    })
    expect(await context.codeFor(scoped, '?scope=b')).toBe('insufficient_scope')
    await patch({ scope_limit: null })
    expect(await context.codeFor(scoped, '?scope=b')).toBe('valid')
    await patch({ groups: [] })
    expect(await context.get(`/admin/users/${id}`)).toMatchObject({ groups: [], scope_limit: null })
  })

  test('each change is one event that says what was and what is, and by whom', async () => {
    await patch({ role: 'member', groups: ['x'] })
    await patch({ groups: ['y'] })
    const [regrouped] = await context.audit('user.updated')
    expect(regrouped).toMatchObject({
      actor: 'master_key',
      target: `user:${id}`,
      facts: { changed: ['groups'], before: { groups: ['x'] }, after: { groups: ['y'] } },
    })
    await patch({ role: 'admin' })
    const [promoted] = await context.audit('user.role_changed')
    expect(promoted).toMatchObject({
      target: `user:${id}`,
      facts: { changed: ['role'], before: { role: 'member' }, after: { role: 'admin' } },
    })
    await patch({ status: 'disabled' })
    expect((await context.audit('user.disabled'))[0]).toMatchObject({ target: `user:${id}` })
    await patch({ status: 'active' })
    expect((await context.audit('user.enabled'))[0]).toMatchObject({ target: `user:${id}` })
  })

  test('what changes nothing answers 200 and writes nothing', async () => {
    const user = await context.get(`/admin/users/${id}`)
    const events = (await context.get('/admin/audit?limit=200')).data.length
    for (const change of [{}, { role: user.role }, { status: 'active', groups: user.groups }]) {
      const response = await patch(change)
      expect(response.status).toBe(200)
      expect((await json(response)).updated_at).toBe(user.updated_at)
    }
    expect((await context.get('/admin/audit?limit=200')).data).toHaveLength(events)
  })

  test.each<[string, unknown]>([
    ['email', { email: 'eve@example.com' }],
    ['name', { name: 'Eve' }],
    ['picture', { picture: 'https://x.test/a.png' }],
    ['kind', { kind: 'service' }],
    ['id', { id: 'usr_other' }],
    ['version', { version: 99 }],
    ['created_at', { created_at: '2020-01-01T00:00:00Z' }],
    ['createdAt', { createdAt: 0 }],
    ['scopeLimit', { scopeLimit: ['a'] }],
    ['identities', { identities: [] }],
    ['role', { role: 'owner' }],
    ['role', { role: null }],
    ['status', { status: 'erased' }],
    ['status', { status: 'Disabled' }],
    ['groups', { groups: null }],
    ['groups', { groups: ['Ops'] }],
    ['groups', { groups: ['a\r\nb'] }],
    ['groups', { groups: Array.from({ length: 101 }, (_, index) => `g${index}`) }],
    ['scope_limit', { scope_limit: 'a' }],
    ['scope_limit', { scope_limit: ['*'] }],
  ])('400 names the field %s of %j, and nothing of the change is made', async (field, change) => {
    const before = await context.get(`/admin/users/${id}`)
    const response = await patch({ groups: ['smuggled'], ...(change as object) })
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(field)
    expect(await context.get(`/admin/users/${id}`)).toEqual(before)
  })

  test('of nobody is 404', async () => {
    expect((await context.send('PATCH', '/admin/users/usr_none', { role: 'admin' })).status).toBe(404)
    expect((await context.send('DELETE', '/admin/users/usr_none')).status).toBe(404)
    expect((await context.send('POST', '/admin/users/usr_none/revoke-everything')).status).toBe(404)
  })

  test('twenty changes at once all land or are told to try again, and none is lost', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => patch({ groups: [`race${index}`] })),
    )
    const states = answers.map(({ status }) => status)
    for (const status of states) expect([200, 409]).toContain(status)
    const events = (await context.audit('user.updated')).filter((event) =>
      JSON.stringify(event.facts).includes('race'),
    )
    expect(events).toHaveLength(states.filter((status) => status === 200).length)
    expect(await context.codeFor(key)).toBe('valid')
  })
})

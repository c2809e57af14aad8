import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { movableClock, type PeopleContext, person, startPeople } from './people-context.ts'

const path = '/admin/invitations'
const day = 86_400

describe('an invitation', () => {
  const clock = movableClock()
  let context: PeopleContext
  beforeAll(async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' }, { now: clock.now })
    await context.keyOf(person('ada'))
  })
  afterAll(() => context.close())

  const invite = (body: unknown) => context.send('POST', '/admin/users', body)

  test('holds what was asked for, a time at which it ends, and the URL to pass on', async () => {
    const response = await invite({ email: 'New@Partner.test', role: 'admin', groups: ['ops', 'dev', 'ops'] })
    expect(response.status).toBe(201)
    const made = await json(response)
    expect(made).toEqual({
      id: expect.stringMatching(/^inv_/),
      provider: 'google',
      email: 'new@partner.test',
      role: 'admin',
      groups: ['ops', 'dev'],
      user_id: null,
      url: `${context.gateway.url}/auth/login/google`,
      status: 'open',
      created_by: 'master_key',
      created_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    })
    expect(new Date(made.expires_at).getTime() - new Date(made.created_at).getTime()).toBe(7 * day * 1000)
    expect((await context.get(path)).data).toEqual([made])
    // Its URL begins a sign-in.
    const login = await context.gateway.fetch(new URL(made.url).pathname)
    expect(login.status).toBe(302)
    await context.done('DELETE', `${path}/${made.id}`)
    expect((await context.get(path)).data).toEqual([])
    const [created] = await context.audit('invitation.created')
    expect(created).toMatchObject({ target: `invitation:${made.id}`, actor: 'master_key' })
    expect(created.details.email).toBe('new@partner.test')
    const [withdrawn] = await context.audit('invitation.withdrawn')
    expect(withdrawn).toMatchObject({ target: `invitation:${made.id}`, actor: 'master_key' })
    expect(JSON.stringify([created.facts, withdrawn.facts])).not.toContain('@')
  })

  test('is for a member in no group, unless it says otherwise', async () => {
    const made = await context.done('POST', '/admin/users', { email: 'plain@partner.test' })
    expect(made).toMatchObject({ role: 'member', groups: [], provider: 'google' })
    await context.done('DELETE', `${path}/${made.id}`)
  })

  test('is withdrawn once: after that, and for an unknown id, 404', async () => {
    const { id } = await context.done('POST', '/admin/users', { email: 'once@partner.test' })
    expect((await context.send('DELETE', `${path}/${id}`)).status).toBe(204)
    expect((await context.send('DELETE', `${path}/${id}`)).status).toBe(404)
    expect((await context.send('DELETE', `${path}/inv_unknown`)).status).toBe(404)
  })

  test('of somebody who is here already is 409', async () => {
    const response = await invite({ email: 'ADA@example.com' })
    expect([response.status, (await json(response)).code]).toEqual([409, 'conflict'])
  })

  test('of somebody who is invited already is 409, until that one expires or is withdrawn', async () => {
    const first = await context.done('POST', '/admin/users', { email: 'twice@partner.test' })
    expect((await invite({ email: 'Twice@Partner.test', role: 'admin' })).status).toBe(409)
    await context.done('DELETE', `${path}/${first.id}`)
    const second = await context.done('POST', '/admin/users', { email: 'twice@partner.test' })
    clock.forward(7 * day + 1)
    expect((await context.get(path)).data).toMatchObject([{ id: second.id, status: 'expired' }])
    const third = await context.done('POST', '/admin/users', { email: 'twice@partner.test' })
    expect((await context.get(path)).data).toMatchObject([{ id: third.id, status: 'open' }])
    await context.done('DELETE', `${path}/${third.id}`)
  })

  test('of one address lands once of ten at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => invite({ email: 'ten@partner.test' })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
    const [made] = (await context.get(path)).data
    await context.done('DELETE', `${path}/${made.id}`)
  })

  test('of a denied address is 409: deny beats every invitation', async () => {
    for (const provider of ['google', '*']) {
      const rule = { kind: 'deny_email', value: 'denied@partner.test', provider }
      const { id } = await context.done('POST', '/admin/access-rules', rule)
      const response = await invite({ email: 'denied@partner.test' })
      expect(response.status, provider).toBe(409)
      expect((await json(response)).detail).toContain('deny')
      await context.done('DELETE', `/admin/access-rules/${id}`)
    }
  })

  const good = { email: 'x@partner.test' }
  test.each<[string, unknown]>([
    ['email', {}],
    ['email', { email: 7 }],
    ['email', { email: 'partner.test' }],
    ['email', { email: '*@partner.test' }],
    ['email', { email: 'a@b@partner.test' }],
    ['email', { email: 'adа@partner.test' }],
    ['provider', { ...good, provider: 'okta' }],
    ['provider', { ...good, provider: '*' }],
    ['role', { ...good, role: 'owner' }],
    ['groups', { ...good, groups: 'ops' }],
    ['groups', { ...good, groups: ['Ops'] }],
    ['groups', { ...good, groups: Array.from({ length: 101 }, (_, index) => `g${index}`) }],
    ['scope_limit', { ...good, scope_limit: [] }],
    ['kind', { ...good, kind: 'service' }],
    ['id', { ...good, id: 'usr_x' }],
    ['user_id', { ...good, user_id: 'usr_x' }],
    ['expires_at', { ...good, expires_at: '2099-01-01T00:00:00Z' }],
    ['status', { ...good, status: 'active' }],
  ])('400 names the field %s of %j', async (field, body) => {
    const response = await invite(body)
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(field)
    expect((await context.get(path)).data).toEqual([])
  })

  test('pages are complete and without repeats, newest first', async () => {
    for (let index = 0; index < 7; index += 1)
      await context.done('POST', '/admin/users', { email: `page${index}@partner.test` })
    const seen: any[] = []
    let cursor: string | null = null
    do {
      const page: any = await context.get(`${path}?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`)
      seen.push(...page.data.map(({ email }: any) => email))
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `page${index}@partner.test`))
    expect((await context.gateway.asAdmin(`${path}?cursor=x`)).status).toBe(400)
    expect((await context.gateway.asAdmin(`${path}?limit=0`)).status).toBe(400)
  })
})

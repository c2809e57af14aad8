import { afterEach, describe, expect, test } from 'vitest'
import { type PeopleContext, person, startPeople } from './people-context.ts'

const agent = { 'user-agent': 'AdasBrowser/7', 'x-forwarded-for': '203.0.113.77' }
const ada = person('ada', { name: 'Ada Lovelace', picture: 'https://pictures.test/ada.png' })
/** Everything that says who it was. */
const personal = ['ada@example.com', 'Lovelace', 'sub-ada', 'pictures.test', 'AdasBrowser', '203.0.113.77']

let context: PeopleContext
afterEach(() => context.close())
const erase = (id: string) => context.send('DELETE', `/admin/users/${id}`)
const idOfAda = async (): Promise<string> => (await context.userOf('ada@example.com')).id

/** Every row of every table. */
async function everything(): Promise<string> {
  const { rows, engine } = context.gateway.database
  const names =
    engine === 'sqlite'
      ? await rows("SELECT name FROM sqlite_master WHERE type = 'table'")
      : await rows("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'")
  const tables = await Promise.all(
    names.map(async ({ name }) => [name, await rows(`SELECT * FROM ${name}`)] as const),
  )
  expect(names.map(({ name }) => name)).toContain('audit_details')
  return JSON.stringify(tables)
}

async function expectNothingPersonal(): Promise<void> {
  const left = await everything()
  for (const text of personal) expect(left.split(text)[1]?.slice(0, 200), `after ${text}`).toBeUndefined()
}

describe('erasing a user', () => {
  test('ends every key and session, and the user is found nowhere', async () => {
    context = await startPeople()
    const [key, jar] = [await context.keyOf(ada), await context.browserOf(ada)]
    const bobsKey = await context.keyOf(person('bob'))
    const id = await idOfAda()
    expect(await context.codeFor(key)).toBe('valid')
    expect((await erase(id)).status).toBe(204)
    expect(await context.codeFor(key)).toBe('revoked_key')
    expect(await context.stateOf(jar)).toBe('unauthenticated')
    const paths = [`/admin/users/${id}`, `/admin/users/${id}/sessions`]
    for (const path of paths) expect((await context.gateway.asAdmin(path)).status, path).toBe(404)
    expect((await erase(id)).status).toBe(404)
    expect((await context.send('PATCH', `/admin/users/${id}`, { status: 'active' })).status).toBe(404)
    expect((await context.send('POST', '/admin/keys', { user_id: id, name: 'x' })).status).not.toBe(201)
    const { data } = await context.get('/admin/users')
    expect(data.map(({ email }: any) => email)).toEqual(['bob@example.com'])
    expect(await context.codeFor(bobsKey)).toBe('valid')
  })

  test('leaves no address, name, picture, subject or user agent in any row, and no event less', async () => {
    // A rule that stays: without one, anybody could come in once hers is gone, and that is refused.
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' })
    await context.done('POST', '/admin/users', { email: 'ada@example.com', groups: ['ops'] })
    const key = await context.keyOf(ada, agent)
    await context.browserOf(ada, agent)
    await context.refusalOf({ ...ada, sub: 'somebody-else' })
    await context.signIn({ ...ada, email_verified: false }, agent)
    await context.signIn(ada, agent)
    const id = await idOfAda()
    await context.gateway.fetch('/v1/validate?scope=never', { headers: { 'x-api-key': key, ...agent } })
    await context.done('POST', '/admin/access-rules', { kind: 'allow_email', value: 'ada@example.com' })
    // Writes down how the key was used.
    await context.gateway.restart()
    const events = await context.gateway.database.rows('SELECT count(*) AS n FROM audit_events')
    const before = await everything()
    for (const text of personal) expect(before, text).toContain(text)

    expect((await erase(id)).status).toBe(204)
    await expectNothingPersonal()
    const [{ n }] = await context.gateway.database.rows('SELECT count(*) AS n FROM audit_events')
    expect(Number(n)).toBeGreaterThan(Number(events[0].n))
    const trail = await context.get(`/admin/audit?actor=user:${id}&limit=200`)
    expect(trail.data.length).toBeGreaterThan(3)
    for (const { details } of trail.data)
      expect(details).toMatchObject({ email: null, address: null, user_agent: null })
    expect((await context.audit('user.erased'))[0]).toMatchObject({
      actor: 'master_key',
      target: `user:${id}`,
      details: { address: '127.0.0.1' },
    })
  })

  test('forgets how keys were used that is not written down yet, too', async () => {
    context = await startPeople()
    const key = await context.keyOf(ada, agent)
    await context.gateway.fetch('/v1/validate?scope=never', { headers: { 'x-api-key': key, ...agent } })
    await erase(await idOfAda())
    await context.gateway.restart()
    await expectNothingPersonal()
  })

  test('forgets from where the person asked for what is only for admins', async () => {
    context = await startPeople()
    const jar = await context.browserOf(ada, agent)
    expect((await jar.fetch('/admin/users', { headers: agent })).status).toBe(403)
    await erase(await idOfAda())
    await expectNothingPersonal()
  })

  test('forgets the addresses that the person had before', async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' })
    await context.done('POST', '/admin/users', { email: 'ada@partner.test' })
    await context.keyOf({ ...ada, email: 'ada@partner.test', hd: undefined }, agent)
    await context.keyOf(ada, agent)
    await erase(await idOfAda())
    await expectNothingPersonal()
    expect((await everything()).includes('ada@partner.test')).toBe(false)
  })

  test('takes rules and invitations with the address along; what names others stays', async () => {
    context = await startPeople({ SIGN_UP: 'invited' })
    await context.done('POST', '/admin/users', { email: 'ada@example.com' })
    await context.done('POST', '/admin/users', { email: 'bob@example.com' })
    await context.done('POST', '/admin/access-rules', { kind: 'allow_email', value: 'cora@example.com' })
    await context.keyOf(ada)
    const id = await idOfAda()
    const approval = { email: 'ada@example.com' }
    await context.done('POST', `/admin/users/${id}/identities`, approval)
    await erase(id)
    const values = async (path: string, name: string) =>
      (await context.get(path)).data.map((row: any) => row[name])
    expect(await values('/admin/access-rules', 'value')).toEqual(['cora@example.com'])
    expect(await values('/admin/invitations', 'email')).toEqual(['bob@example.com'])
    expect(await context.refusalOf(ada)).toMatch(/not_invited|no_rule|domain_not_allowed/)
  })

  test('lets the same person come back as somebody new, with nothing of before, where a rule covers them', async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' })
    const key = await context.keyOf(ada)
    const id = await idOfAda()
    await context.done('PATCH', `/admin/users/${id}`, { groups: ['ops'] })
    await erase(id)
    const fresh = await context.keyOf(ada)
    const again = await context.userOf('ada@example.com')
    expect(again.id).not.toBe(id)
    expect(again).toMatchObject({ role: 'member', groups: [], status: 'active' })
    expect([await context.codeFor(key), await context.codeFor(fresh)]).toEqual(['revoked_key', 'valid'])
  })

  test('of a service account takes its keys', async () => {
    context = await startPeople()
    const { id } = await context.done('POST', '/admin/service-accounts', { name: 'CI' })
    const { key_text: key } = await context.done('POST', '/admin/keys', { user_id: id, name: 'ci' })
    expect((await erase(id)).status).toBe(204)
    expect(await context.codeFor(key)).toBe('revoked_key')
  })

  test('while fifty verifications and a second erasure run ends once, with every key dead', async () => {
    context = await startPeople()
    const key = await context.keyOf(ada)
    const id = await idOfAda()
    const asking = Array.from({ length: 50 }, () => context.codeFor(key))
    const states = (await Promise.all([erase(id), erase(id)])).map(({ status }) => status).sort()
    expect(states).toEqual([204, 404])
    for (const code of await Promise.all(asking)) expect(['valid', 'revoked_key']).toContain(code)
    expect(await context.codeFor(key)).toBe('revoked_key')
    expect(await context.audit('user.erased')).toHaveLength(1)
  })
})

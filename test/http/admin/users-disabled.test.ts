import { afterEach, describe, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { type PeopleContext, person, startPeople } from './people-context.ts'

const [ada, bob] = [person('ada'), person('bob')]
let context: PeopleContext
afterEach(() => context.close())

async function idOf(name: string): Promise<string> {
  return (await context.userOf(`${name}@example.com`)).id
}
const patch = (id: string, change: object) => context.send('PATCH', `/admin/users/${id}`, change)
const set = (id: string, change: object) => context.done('PATCH', `/admin/users/${id}`, change)

describe('disabling a user', () => {
  test('refuses keys and ends sessions on the next request; enabling brings back the keys alone', async () => {
    context = await startPeople()
    const [key, jar] = [await context.keyOf(ada), await context.browserOf(ada)]
    const bobsKey = await context.keyOf(bob)
    const id = await idOf('ada')
    expect(await context.codeFor(key)).toBe('valid')
    await set(id, { status: 'disabled' })
    const refused = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    expect([refused.status, (await json(refused)).code]).toEqual([401, 'user_disabled'])
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await context.stateOf(jar)).toBe('unauthenticated')
    expect(await context.refusalOf(ada)).toBe('user_disabled')
    expect(await context.codeFor(bobsKey)).toBe('valid')
    await set(id, { status: 'active' })
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual(['valid', 'unauthenticated'])
    await context.keyOf(ada)
  })

  test('is in force at another gateway on the same database', async () => {
    context = await startPeople()
    const other = await startGateway({}, { beside: context.gateway })
    try {
      const key = await context.keyOf(ada)
      expect(await context.codeFor(key, '', other)).toBe('valid')
      const id = await idOf('ada')
      await set(id, { status: 'disabled' })
      expect(await context.codeFor(key, '', other)).toBe('user_disabled')
      await set(id, { status: 'active' })
      expect(await context.codeFor(key, '', other)).toBe('valid')
    } finally {
      await other.close()
    }
  })

  test('while the key is verified ends as disabled: no verification writes anything back', async () => {
    context = await startPeople()
    const key = await context.keyOf(ada)
    const id = await idOf('ada')
    const asking = Array.from({ length: 50 }, () => context.codeFor(key))
    await set(id, { status: 'disabled' })
    for (const code of await Promise.all(asking)) expect(['valid', 'user_disabled']).toContain(code)
    expect(await context.codeFor(key)).toBe('user_disabled')
    expect(await context.get(`/admin/users/${id}`)).toMatchObject({ status: 'disabled' })
  })
})

describe('the last admin', () => {
  const ways: [string, (id: string) => Promise<Response>][] = [
    ['demoted', (id) => patch(id, { role: 'member' })],
    ['disabled', (id) => patch(id, { status: 'disabled' })],
    ['deleted', (id) => context.send('DELETE', `/admin/users/${id}`)],
  ]
  test.each(ways)('cannot be %s, until there is another', async (_, go) => {
    context = await startPeople()
    await context.keyOf(ada)
    await context.keyOf(bob)
    const [adaId, bobId] = [await idOf('ada'), await idOf('bob')]
    await set(adaId, { role: 'admin' })
    // Neither a service account nor a disabled admin is another one.
    await context.done('POST', '/admin/service-accounts', { name: 'CI', responsible_user_id: bobId })
    await set(bobId, { role: 'admin' })
    await set(bobId, { status: 'disabled' })
    const refused = await go(adaId)
    expect([refused.status, (await json(refused)).code]).toEqual([409, 'conflict'])
    expect(await context.get(`/admin/users/${adaId}`)).toMatchObject({ role: 'admin', status: 'active' })
    await set(bobId, { status: 'active' })
    expect((await go(adaId)).status).toBeLessThan(300)
  })

  test('stays what they are in a change that would take more than one thing', async () => {
    context = await startPeople()
    await context.keyOf(ada)
    const id = await idOf('ada')
    await set(id, { role: 'admin' })
    expect((await patch(id, { groups: ['x'], role: 'member' })).status).toBe(409)
    expect(await context.get(`/admin/users/${id}`)).toMatchObject({ role: 'admin', groups: [] })
    await set(id, { groups: ['y'] })
  })

  test.each(ways)('of two who are %s at once one stays', async (_, go) => {
    context = await startPeople()
    for (let round = 0; round < 5; round += 1) {
      const names = [`one${round}`, `two${round}`]
      for (const name of names) await context.keyOf(person(name))
      const ids = await Promise.all(names.map(idOf))
      for (const id of ids) await set(id, { role: 'admin' })
      const former = await context.get('/admin/users?role=admin&status=active')
      for (const { id } of former.data) if (!ids.includes(id)) expect((await go(id)).status).toBeLessThan(300)
      const states = (await Promise.all(ids.map(go))).map(({ status }) => status).sort()
      expect(states[1]).toBe(409)
      expect(states[0]).toBeLessThan(300)
      const left = await context.get('/admin/users?role=admin&status=active')
      expect(left.data).toHaveLength(1)
    }
  })

  test('that signs in with ADMIN_EMAILS alone is one: it is not the address that counts but the user', async () => {
    context = await startPeople({ ADMIN_EMAILS: 'ada@example.com' })
    await context.keyOf(ada)
    expect((await patch(await idOf('ada'), { role: 'member' })).status).toBe(409)
  })
})

describe('a service account', () => {
  test('owns keys with groups and scopes, is exempt from every rule, and can be disabled', async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' })
    const body = { name: 'Nightly build', groups: ['ci', 'ci', 'build'], scope_limit: ['a'] }
    const response = await context.send('POST', '/admin/service-accounts', body)
    expect(response.status).toBe(201)
    const machine = await json(response)
    expect(machine).toMatchObject({
      kind: 'service',
      email: null,
      name: 'Nightly build',
      role: 'member',
      groups: ['ci', 'build'],
      scope_limit: ['a'],
      status: 'active',
    })
    const minted = { user_id: machine.id, name: 'ci', scopes: ['a', 'b'] }
    const { key_text: key } = await context.done('POST', '/admin/keys', minted)
    const answer = await context.gateway.fetch('/v1/validate?scope=a&group=ci', {
      headers: { 'x-api-key': key },
    })
    expect(await json(answer)).toMatchObject({
      user: { id: machine.id, kind: 'service', email: null, groups: ['ci', 'build'] },
      key: { scopes: ['a'] },
    })
    await context.done('POST', '/admin/access-rules', { kind: 'allow_domain', value: 'other.test' })
    expect(await context.codeFor(key)).toBe('valid')
    await set(machine.id, { status: 'disabled' })
    expect(await context.codeFor(key)).toBe('user_disabled')
    await set(machine.id, { status: 'active', groups: [] })
    expect(await context.codeFor(key, '?group=ci')).toBe('forbidden')
    expect(
      (await context.audit('user.created')).find(({ target }) => target.includes(machine.id)),
    ).toMatchObject({ actor: 'master_key', facts: { kind: 'service' } })
  })

  test('cannot be an admin', async () => {
    context = await startPeople()
    const { id } = await context.done('POST', '/admin/service-accounts', { name: 'CI' })
    const response = await patch(id, { role: 'admin' })
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain('role')
    expect(await context.get(`/admin/users/${id}`)).toMatchObject({ role: 'member', identities: [] })
  })

  test.each<[string, unknown]>([
    ['name', {}],
    ['name', { name: ' ' }],
    ['name', { name: 'a\nb' }],
    ['name', { name: 'x'.repeat(101) }],
    ['groups', { name: 'x', groups: ['Ops'] }],
    ['scope_limit', { name: 'x', scope_limit: 'a' }],
    ['role', { name: 'x', role: 'admin' }],
    ['email', { name: 'x', email: 'ci@example.com' }],
    ['kind', { name: 'x', kind: 'person' }],
  ])('400 names the field %s of %j', async (field, body) => {
    context = await startPeople()
    const response = await context.send('POST', '/admin/service-accounts', body)
    expect([response.status, (await json(response)).detail]).toEqual([400, expect.stringContaining(field)])
    expect((await context.get('/admin/users')).data).toEqual([])
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CookieJar } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { fromOwnPage, type PeopleContext, person, startPeople } from './people-context.ts'

const rulesPath = '/admin/access-rules'
const path = `${rulesPath}/preview`
const domain = (value: string) => ({ kind: 'allow_domain', value })
const allow = (name: string) => ({ kind: 'allow_email', value: `${name}@example.com` })
const deny = (name: string) => ({ kind: 'deny_email', value: `${name}@example.com` })
const nobody = {
  users_cut_off: 0,
  active_keys_cut_off: 0,
  users_let_in: 0,
  includes_caller: false,
  cut_off: [],
}

describe('a preview of a change of rules', () => {
  let context: PeopleContext
  let browser: CookieJar
  let rule: any
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
    browser = await context.browserOf(person('boss'))
    rule = await context.done('POST', rulesPath, domain('example.com'))
    await context.keyOf(person('ada'))
    await context.keyOf(person('ada'))
    await context.keyOf(person('bob'))
    const revoked = await context.keyOf(person('bob'))
    await context.done('DELETE', `/admin/keys/${revoked.split('_')[1]}`)
  })
  afterAll(() => context.close())

  const preview = (change: object) => context.done('POST', path, change)

  test('counts who would be cut off and their live keys, names them, and changes nothing', async () => {
    const before = await context.gateway.database.rows('SELECT * FROM access_rules')
    const told = await preview({ remove: [rule.id], add: [allow('bob')] })
    const ada = await context.userOf('ada@example.com')
    expect(told).toEqual({
      ...nobody,
      users_cut_off: 1,
      active_keys_cut_off: 2,
      cut_off: [
        { id: ada.id, email: 'ada@example.com', name: 'ada Example', role: 'member', active_keys: 2 },
      ],
    })
    expect(await context.gateway.database.rows('SELECT * FROM access_rules')).toEqual(before)
    expect((await context.audit('access_rule.created')).length).toBe(1)
    expect(await context.audit('access_rule.deleted')).toEqual([])
  })

  test('of two changes together is not the sum of both: what one takes the other gives', async () => {
    expect(await preview({ remove: [rule.id] })).toEqual(nobody)
    expect(await preview({ remove: [rule.id], add: [domain('example.com')] })).toEqual(nobody)
    expect(await preview({ remove: [rule.id], add: [domain('other.test')] })).toMatchObject({
      users_cut_off: 2,
      active_keys_cut_off: 3,
    })
    const told = await preview({ add: [deny('ada'), allow('ada')] })
    expect(told).toMatchObject({ users_cut_off: 1, active_keys_cut_off: 2 })
    expect(await preview({})).toEqual(nobody)
  })

  test('says what really happens when the change is made', async () => {
    const told = await preview({ add: [deny('bob')] })
    expect(told).toMatchObject({ users_cut_off: 1, active_keys_cut_off: 1 })
    const made = await context.done('POST', rulesPath, deny('bob'))
    expect(await preview({ add: [deny('bob')] })).toEqual(nobody)
    expect(await preview({ remove: [made.id] })).toMatchObject({ users_let_in: 1, users_cut_off: 0 })
    await context.done('DELETE', `${rulesPath}/${made.id}`)
  })

  test('tells an admin who asks in a browser that it is them, too; the master key is nobody', async () => {
    const change = { add: [deny('boss')] }
    const asked = await browser.fetch(path, fromOwnPage('POST', change))
    expect(asked.status).toBe(200)
    expect(await json(asked)).toMatchObject({ includes_caller: true, users_cut_off: 1 })
    const other = await browser.fetch(path, fromOwnPage('POST', { add: [deny('ada')] }))
    expect(await json(other)).toMatchObject({ includes_caller: false, users_cut_off: 1 })
    expect(await preview(change)).toMatchObject({ includes_caller: false, users_cut_off: 1 })
  })

  test('counts neither the disabled, nor service accounts, nor who is cut off already', async () => {
    const { id } = await context.userOf('ada@example.com')
    const account = { name: 'CI', responsible_user_id: id }
    const machine = await context.done('POST', '/admin/service-accounts', account)
    await context.done('POST', '/admin/keys', { user_id: machine.id, name: 'ci' })
    await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
    const change = { remove: [rule.id], add: [domain('other.test')] }
    expect(await preview(change)).toMatchObject({ users_cut_off: 1, active_keys_cut_off: 1 })
    await context.done('PATCH', `/admin/users/${id}`, { status: 'active' })
    expect(await preview(change)).toMatchObject({ users_cut_off: 2, active_keys_cut_off: 3 })
  })

  test('of a rule that is not there is 404, and names it', async () => {
    const response = await context.send('POST', path, { remove: [rule.id, 'rul_nothere'] })
    expect(response.status).toBe(404)
    expect(await json(response)).toMatchObject({ detail: expect.stringContaining('rul_nothere') })
  })

  test.each<[string, unknown]>([
    ['add', { add: 'x' }],
    ['add', { add: Array(101).fill(allow('ada')) }],
    ['kind', { add: [{ value: 'x@corp.com' }] }],
    ['value', { add: [{ ...allow('ada'), value: '*@corp.com' }] }],
    ['provider', { add: [{ ...allow('ada'), provider: 'okta' }] }],
    ['note', { add: [{ ...allow('ada'), note: 'not here' }] }],
    ['remove', { remove: 'x' }],
    ['remove', { remove: [7] }],
    ['remove', { remove: Array(101).fill('rul_x') }],
    ['dry_run', { dry_run: true }],
  ])('400 names the field %s', async (field, change) => {
    const response = await context.send('POST', path, change)
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(field)
  })
})

test('a preview counts more than a page of people right, and names the first hundred', async () => {
  const context = await startPeople({ ALLOWED_EMAILS: 'only@example.com' })
  try {
    const { change } = context.gateway.database
    const people = Array.from({ length: 1234 }, (_, index) => `usr_${String(index).padStart(16, '0')}`)
    const at = new Date()
    for (let done = 0; done < people.length; done += 200) {
      const some = people.slice(done, done + 200)
      const list = (row: string) => some.map(() => row).join(', ')
      await change(
        `INSERT INTO users (id, kind, email, name, role, groups, status, version, created_at, updated_at)
         VALUES ${list("(?, 'person', ?, 'P', 'member', '[]', 'active', 1, ?, ?)")}`,
        ...some.flatMap((id) => [id, `${id}@many.test`, at, at]),
      )
      await change(
        `INSERT INTO identities (id, user_id, provider, issuer, subject, email, email_verified, hd, created_at, last_sign_in_at)
         VALUES ${list("(?, ?, 'google', ?, ?, ?, TRUE, 'many.test', ?, ?)")}`,
        ...some.flatMap((id) => [`idn_${id}`, id, context.wrong.issuer, id, `${id}@many.test`, at, at]),
      )
      await change(
        `INSERT INTO api_keys (id, user_id, name, secret_hash, scopes, metadata, created_through, created_by, created_at)
         VALUES ${list("(?, ?, 'k', 'h', '[]', '{}', 'admin', 'system', ?)")}`,
        ...some.flatMap((id) => [`k${id.slice(-11)}`, id, at]),
      )
    }
    const add = [domain('many.test')]
    expect(await context.done('POST', path, { add })).toEqual({ ...nobody, users_let_in: 1234 })
    const made = await context.done('POST', rulesPath, add[0])
    const told = await context.done('POST', path, { remove: [made.id] })
    expect(told).toMatchObject({ users_cut_off: 1234, active_keys_cut_off: 1234, users_let_in: 0 })
    expect(told.cut_off.map(({ id }: any) => id)).toEqual(people.slice(0, 100))
    const one = { kind: 'deny_email', value: `${people[1001]}@many.test` }
    expect(await context.done('POST', path, { add: [one] })).toMatchObject({ users_cut_off: 1 })
  } finally {
    await context.close()
  }
})

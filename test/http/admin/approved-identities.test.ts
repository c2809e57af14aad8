import { afterEach, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { movableClock, type PeopleContext, person, startPeople } from './people-context.ts'

const ada = person('ada')
/** Ada again, with an account that is a new one: the same address, another subject. */
const newAda = person('ada', { sub: 'sub-ada-anew' })

let context: PeopleContext
afterEach(() => context.close())

async function start(settings: Record<string, string> = {}, options: { now?: () => Date } = {}) {
  context = await startPeople({ ALLOWED_DOMAINS: 'example.com', ...settings }, options)
  const key = await context.keyOf(ada)
  const { id } = await context.userOf('ada@example.com')
  return { key, id }
}
const approve = (id: string, body: object = { email: 'ada@example.com' }) =>
  context.send('POST', `/admin/users/${id}/identities`, body)

test('the same address with another subject is refused until an admin approves it; then it is the same user', async () => {
  const { key, id } = await start()
  expect(await context.refusalOf(newAda)).toBe('email_of_another_user')
  const response = await approve(id)
  expect(response.status).toBe(201)
  expect(await json(response)).toMatchObject({ user_id: id, email: 'ada@example.com', status: 'open' })
  const newKey = await context.keyOf(newAda)
  expect([await context.codeFor(key), await context.codeFor(newKey)]).toEqual(['valid', 'valid'])
  const { identities } = await context.get(`/admin/users/${id}`)
  expect(identities.map(({ subject }: any) => subject)).toEqual(['sub-ada', 'sub-ada-anew'])
  expect((await context.get('/admin/users')).data).toHaveLength(1)
  expect((await context.audit('identity.approved'))[0]).toMatchObject({
    actor: 'master_key',
    target: `user:${id}`,
  })
  expect((await context.audit('identity.linked'))[0]).toMatchObject({ actor: `user:${id}` })
})

test('an approval is used up by the first who comes with it', async () => {
  const { id } = await start()
  await approve(id)
  await context.keyOf(newAda)
  expect(await context.refusalOf({ ...newAda, sub: 'third' })).toBe('email_of_another_user')
})

test('an approval that has expired or was withdrawn lets nobody in', async () => {
  const clock = movableClock()
  const { id } = await start({}, { now: clock.now })
  await approve(id)
  clock.forward(8 * 86_400)
  expect(await context.refusalOf(newAda)).toBe('email_of_another_user')
  const { id: approval } = await json(await approve(id))
  await context.done('DELETE', `/admin/invitations/${approval}`)
  expect(await context.refusalOf(newAda)).toBe('email_of_another_user')
})

test('an approval lets in nobody whom the rules do not cover, and no disabled user', async () => {
  const { id } = await start()
  await approve(id)
  expect(await context.refusalOf({ ...newAda, hd: 'elsewhere.test' })).toBe('hd_not_allowed')
  const { id: rule } = await context.done('POST', '/admin/access-rules', {
    kind: 'deny_email',
    value: 'ada@example.com',
  })
  expect(await context.refusalOf(newAda)).toBe('denied')
  await context.done('DELETE', `/admin/access-rules/${rule}`)
  await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
  expect(await context.refusalOf(newAda)).toBe('user_disabled')
  const { identities } = await context.get(`/admin/users/${id}`)
  expect(identities).toHaveLength(1)
})

test('an address of somebody else, a service account, a disabled or an unknown user cannot be approved', async () => {
  const { id } = await start()
  await context.keyOf(person('bob'))
  const bob = await context.userOf('bob@example.com')
  expect((await approve(bob.id)).status).toBe(409)
  const account = { name: 'CI', responsible_user_id: bob.id }
  const machine = await context.done('POST', '/admin/service-accounts', account)
  expect((await approve(machine.id, { email: 'ci@example.com' })).status).toBe(409)
  expect((await approve('usr_unknown')).status).toBe(404)
  await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
  expect((await approve(id)).status).toBe(409)
  for (const body of [{}, { email: 'x' }, { email: 'ada@example.com', role: 'admin' }])
    expect((await approve(bob.id, body)).status, JSON.stringify(body)).toBe(400)
})

test('a deny rule of one identity cuts off all of the person, and nobody signs in by the other', async () => {
  const { key, id } = await start()
  const second = person('ada', { sub: 'second', email: 'ada.second@example.com' })
  expect((await approve(id, { email: 'ada.second@example.com' })).status).toBe(201)
  await context.keyOf(second)
  await context.done('POST', '/admin/access-rules', { kind: 'deny_email', value: 'ada.second@example.com' })
  expect(await context.codeFor(key)).toBe('owner_not_allowed')
  expect(await context.refusalOf(ada)).toBe('denied')
})

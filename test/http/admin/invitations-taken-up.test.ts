import { afterEach, describe, expect, test } from 'vitest'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { signIn, startSignInGateway } from '../../support/sign-in.ts'
import { movableClock, type PeopleContext, person, startPeople } from './people-context.ts'

const invited = { SIGN_UP: 'invited', ALLOWED_DOMAINS: 'example.com' }
const grace = person('grace', { email: 'grace@partner.test', hd: undefined })

let context: PeopleContext
afterEach(() => context.close())
const invite = (email: string, more: object = {}) => context.done('POST', '/admin/users', { email, ...more })
const rules = async () => (await context.get('/admin/access-rules')).data

describe('where people are invited', () => {
  test('a newcomer who is not is refused, although a rule covers them; ADMIN_EMAILS come in', async () => {
    context = await startPeople({ ...invited, ADMIN_EMAILS: 'boss@example.com' })
    expect(await context.refusalOf(person('ada'))).toBe('not_invited')
    await context.keyOf(person('boss'))
    expect(await context.userOf('boss@example.com')).toMatchObject({ role: 'admin' })
    expect((await context.get('/admin/users')).data).toHaveLength(1)
  })

  test('without any rule nobody else comes in either, on loopback too', async () => {
    context = await startPeople({ SIGN_UP: 'invited' })
    expect(await context.refusalOf(person('ada'))).toBe('no_rule')
  })

  test('whoever is invited gets the role and the groups, once, and comes again later', async () => {
    context = await startPeople(invited)
    const { id } = await invite('ada@example.com', { role: 'admin', groups: ['ops'] })
    const key = await context.keyOf(person('ada'))
    const user = await context.userOf('ada@example.com')
    expect(user).toMatchObject({ role: 'admin', groups: ['ops'], status: 'active' })
    expect((await context.get('/admin/invitations')).data).toEqual([])
    // The domain covers her: no rule of her own is left behind.
    expect(await rules()).toEqual([])
    const [accepted] = await context.audit('invitation.accepted')
    expect(accepted).toMatchObject({
      actor: `user:${user.id}`,
      target: `user:${user.id}`,
      facts: { invitation_id: id },
      details: { email: 'ada@example.com' },
    })
    const again = await context.keyOf(person('ada'))
    expect([await context.codeFor(key), await context.codeFor(again)]).toEqual(['valid', 'valid'])
    expect((await context.get('/admin/users')).data).toHaveLength(1)
  })

  test('an invitation is taken up once: a second subject with the same address is refused', async () => {
    context = await startPeople(invited)
    await invite('ada@example.com')
    await context.keyOf(person('ada'))
    expect(await context.refusalOf(person('ada', { sub: 'second' }))).toBe('not_invited')
    expect((await context.get('/admin/users')).data).toHaveLength(1)
  })

  test.each([
    ['a tag', 'ada+x@example.com'],
    ['a dot', 'a.da@example.com'],
    ['more before', 'xada@example.com'],
    ['a subdomain', 'ada@mail.example.com'],
    ['another domain', 'ada@example.com.evil.test'],
  ])('it is for exactly its address: not for one with %s', async (_, email) => {
    context = await startPeople({ ...invited, ALLOWED_DOMAINS: '' })
    await invite('ada@example.com')
    expect(await context.refusalOf(person('ada', { email, hd: email.split('@')[1] }))).toMatch(
      /no_rule|not_invited/,
    )
    expect((await context.get('/admin/invitations')).data).toHaveLength(1)
  })

  test('it is for exactly its provider', async () => {
    context = await startPeople({
      ...invited,
      PROVIDER_OKTA_LABEL: 'Okta',
      PROVIDER_OKTA_ISSUER: 'https://okta.example.com',
      PROVIDER_OKTA_CLIENT_ID: 'keydesk',
      PROVIDER_OKTA_CLIENT_SECRET: 'Rk3vW9qLmX2pZt7bNc5yHs8d',
    })
    const { url } = await invite('ada@example.com', { provider: 'okta' })
    expect(url).toBe(`${context.gateway.url}/auth/login/okta`)
    expect(await context.refusalOf(person('ada'))).toBe('not_invited')
  })

  test('nobody takes it up who is not verified', async () => {
    context = await startPeople(invited)
    await invite('ada@example.com')
    expect(await context.refusalOf(person('ada', { email_verified: false }))).toBe('email_unverified')
    await context.keyOf(person('ada'))
  })

  test('one that has expired, or was withdrawn, lets nobody in', async () => {
    const clock = movableClock()
    context = await startPeople({ ...invited, INVITATION_TTL: '2d' }, { now: clock.now })
    await invite('ada@example.com')
    clock.forward(2 * 86_400)
    expect(await context.refusalOf(person('ada'))).toBe('not_invited')
    const { id } = await invite('bob@example.com')
    await context.done('DELETE', `/admin/invitations/${id}`)
    expect(await context.refusalOf(person('bob'))).toBe('not_invited')
    // A new one does, just before its end.
    await invite('ada@example.com')
    clock.forward(2 * 86_400 - 60)
    await context.keyOf(person('ada'))
  })

  test('a deny rule that came after it beats it', async () => {
    context = await startPeople(invited)
    await invite('ada@example.com')
    const rule = { kind: 'deny_email', value: 'ada@example.com' }
    const { id } = await context.done('POST', '/admin/access-rules', rule)
    expect(await context.refusalOf(person('ada'))).toBe('denied')
    await context.done('DELETE', `/admin/access-rules/${id}`)
    await context.keyOf(person('ada'))
  })
})

describe('where sign-up is open', () => {
  test('it lets in whom no rule covers, and leaves a rule that names it and its author', async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' })
    expect(await context.refusalOf(grace)).toBe('domain_not_allowed')
    const { id } = await invite('grace@partner.test', { groups: ['partners'] })
    const key = await context.keyOf(grace)
    const rule = {
      kind: 'allow_email',
      provider: 'google',
      value: 'grace@partner.test',
      note: `Invitation ${id}`,
      created_by: 'master_key',
    }
    const [left] = await rules()
    expect(left).toMatchObject(rule)
    const answer = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    expect(await json(answer)).toMatchObject({ user: { groups: ['partners'], role: 'member' } })
    await context.keyOf(grace)
    // Taking the rule away takes back that she may come in.
    await context.done('DELETE', `/admin/access-rules/${left.id}`)
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
    expect(await context.refusalOf(grace)).toBe('domain_not_allowed')
  })

  test('ADMIN_EMAILS make an admin of whoever was invited as a member', async () => {
    context = await startPeople({ ADMIN_EMAILS: 'ada@example.com' })
    await invite('ada@example.com', { groups: ['ops'] })
    await context.keyOf(person('ada'))
    expect(await context.userOf('ada@example.com')).toMatchObject({ role: 'admin', groups: ['ops'] })
  })
})

test('of parallel sign-ins by different people with the invited address exactly one wins', async () => {
  context = await startPeople(invited)
  const { gateway, standIn, close } = await startSignInGateway({ ...invited, AUTH_RATE_LIMIT: 'off' })
  try {
    const subjects = Array.from({ length: 6 }, (_, index) => `20000000000000000000${index}`)
    const twin = { email: 'twin@example.com', email_verified: true, name: 'Twin', hd: 'example.com' }
    standIn.accounts.push(...subjects.map((sub) => ({ ...twin, sub })))
    const body = JSON.stringify({ email: twin.email, groups: ['ops'] })
    const made = await gateway.asAdmin('/admin/users', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(made.status).toBe(201)
    const answers = await Promise.all(subjects.map((sub) => signIn(gateway, sub)))
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners).toHaveLength(1)
    for (const { status } of answers.filter(({ status }) => status !== 200))
      expect([400, 403]).toContain(status)
    expect(keyTextOn((await winners[0]?.text()) ?? '')).not.toBeNull()
    const users = await json(await gateway.asAdmin('/admin/users'))
    expect(users.data).toMatchObject([{ email: twin.email, groups: ['ops'] }])
    const accepted = await json(await gateway.asAdmin('/admin/audit?action=invitation.accepted'))
    expect(accepted.data).toHaveLength(1)
  } finally {
    await close()
  }
})

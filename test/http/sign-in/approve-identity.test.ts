import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { auditOf, expectRefused, inventory } from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  type SeveralProviders,
  signedInBrowser,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const notAllowed = (reason: string) => ({ status: 403, code: 'not_allowed', reason })
const email = 'wanda@example.com'

describe('an identity that an admin approves', () => {
  let context: SeveralProviders
  let at: Date
  let userId: string
  let key: string
  beforeEach(async () => {
    at = new Date()
    context = await startSeveralProviders({}, { now: () => at })
    key = await keyOf('the-first')
    userId = (await validate(key)).user.id
  })
  afterEach(() => context.close())

  /** Signs Wanda in at entra by this subject and answers the key text. */
  async function keyOf(subject: string): Promise<string> {
    context.entra.account.sub = subject
    const response = await signInAt(context, 'entra')
    return keyTextOn(await response.text()) ?? `none: ${response.status}`
  }
  async function expectOut(subject: string, reason: string): Promise<void> {
    context.entra.account.sub = subject
    await expectRefused(context, notAllowed(reason), (headers) => signInAt(context, 'entra', { headers }))
  }
  const validate = async (text: string) =>
    json(await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': text } }))
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    context.gateway.asAdmin(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...init.headers },
      body: JSON.stringify(body),
    })
  const approve = (change: object = {}, id = userId) =>
    post(`/admin/users/${id}/identities`, { email, provider: 'entra', ...change })
  const user = async () => json(await context.gateway.asAdmin(`/admin/users/${userId}`))

  test('is the same user from its first sign-in on, whose keys go on working; a third subject is refused', async () => {
    await expectOut('the-second', 'email_of_another_user')
    const approval = await approve()
    expect(approval.status).toBe(201)
    expect(await json(approval)).toMatchObject({ email, provider: 'entra', user_id: userId, status: 'open' })
    const second = await keyOf('the-second')
    for (const text of [key, second]) expect((await validate(text)).user.id).toBe(userId)
    expect((await inventory(context)).users).toHaveLength(1)
    expect((await user()).identities.map(({ subject }: any) => subject).sort()).toEqual([
      'the-first',
      'the-second',
    ])
    await expectOut('the-third', 'email_of_another_user')
    // Both of them go on signing in.
    for (const subject of ['the-first', 'the-second'])
      expect((await validate(await keyOf(subject))).user.id).toBe(userId)
  })

  test('is in the audit trail twice: who approved it, and that it came', async () => {
    const { id } = await json(await approve())
    await keyOf('the-second')
    const facts = { provider: 'entra', invitation_id: id }
    expect(await auditOf(context, 'identity.approved')).toMatchObject([
      { actor: 'master_key', target: `user:${userId}`, facts },
    ])
    expect(await auditOf(context, 'identity.linked')).toMatchObject([
      { actor: `user:${userId}`, target: `user:${userId}`, facts },
    ])
    expect((await json(await context.gateway.asAdmin('/admin/invitations'))).data).toEqual([])
  })

  test('is one, also when two subjects come with the address at the same moment', async () => {
    await approve()
    let count = 0
    // UserInfo knows one subject only, so it is left out.
    await context.gateway.restart({ PROVIDER_TIMEOUT: '5s' })
    context.entra.behaviour.discovery = ({ userinfo_endpoint: _, ...document }) => document
    context.entra.behaviour.idTokenClaims = (claims) => {
      count += 1
      return { ...claims, sub: `racer-${count}` }
    }
    const answers = await Promise.all(Array.from({ length: 6 }, () => signInAt(context, 'entra')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403, 403])
    expect((await user()).identities).toHaveLength(2)
    expect((await inventory(context)).users).toHaveLength(1)
  })

  test('is of the provider that was named alone', async () => {
    await approve({ provider: 'key-cloak' })
    await expectOut('the-second', 'email_of_another_user')
    context.keycloak.account.sub = 'the-second'
    const response = await signInAt(context, 'key-cloak')
    expect((await validate(keyTextOn(await response.text()) ?? '')).user.id).toBe(userId)
  })

  test('may have another address than the user, and is known by it from then on', async () => {
    await approve({ email: 'Wanda.New@Example.com' })
    context.entra.account.email = 'wanda.new@example.com'
    expect((await validate(await keyOf('the-second'))).user).toMatchObject({ id: userId, email })
    await expectOut('the-third', 'email_of_another_user')
  })

  test('has to be covered by the rules, and is not let in by the approval: denied, and not listed', async () => {
    await approve()
    for (const [settings, reason] of [
      [{ ALLOWED_EMAILS: 'entra:other@example.com' }, 'domain_not_allowed'],
      [{ DENIED_EMAILS: email }, 'denied'],
    ] as const) {
      await context.gateway.restart(settings)
      await expectOut('the-second', reason)
    }
    await context.gateway.restart()
    expect((await validate(await keyOf('the-second'))).user.id).toBe(userId)
  })

  test('has to be verified', async () => {
    await approve()
    Object.assign(context.entra.account, { sub: 'the-second', email_verified: false })
    const unverified = { status: 403, code: 'email_unverified', reason: 'email_unverified' }
    await expectRefused(context, unverified, (headers) => signInAt(context, 'entra', { headers }))
  })

  test('is refused where the user has been disabled since, and once the approval has expired or is withdrawn', async () => {
    const change = (status: string) =>
      context.gateway.asAdmin(`/admin/users/${userId}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ status }),
      })
    const { id } = await json(await approve())
    await change('disabled')
    await expectOut('the-second', 'user_disabled')
    await change('active')
    expect((await context.gateway.asAdmin(`/admin/invitations/${id}`, { method: 'DELETE' })).status).toBe(204)
    await expectOut('the-second', 'email_of_another_user')
    await approve()
    at = new Date(at.getTime() + 7 * 86_400_000 + 1)
    context.entra.behaviour.idTokenClaims = (claims) => {
      const seconds = Math.floor(at.getTime() / 1000)
      return { ...claims, iat: seconds, exp: seconds + 300 }
    }
    await expectOut('the-second', 'email_of_another_user')
  })

  test('signs in to a session as well, and the person finds it among their own accounts', async () => {
    await approve()
    context.entra.account.sub = 'the-second'
    const jar = await signedInBrowser(context, 'entra')
    expect((await json(await jar.fetch('/auth/session'))).user.id).toBe(userId)
  })

  test('cannot be asked for twice, for an address of another user, or for who is no active person', async () => {
    expect((await approve()).status).toBe(201)
    expect((await approve()).status).toBe(409)
    const other = await startedUser('other', 'other@example.com')
    expect((await approve({ email: 'other@example.com' })).status).toBe(409)
    expect((await approve({ email }, other)).status).toBe(409)
    const account = { name: 'robot', responsible_user_id: userId }
    const machine = await json(await post('/admin/service-accounts', account))
    expect((await approve({ email: 'robot@example.com' }, machine.id)).status).toBe(409)
    await context.gateway.restart({ DENIED_EMAILS: 'entra:denied@example.com' })
    expect((await approve({ email: 'denied@example.com' })).status).toBe(409)
  })

  test('is for admins alone, of users and providers that there are, with an address and no other field', async () => {
    const statuses: [Promise<Response>, number][] = [
      [post(`/admin/users/${userId}/identities`, { email }, { headers: { authorization: 'Bearer x' } }), 401],
      [
        post(`/admin/users/${userId}/identities`, { email }, { headers: { authorization: `Bearer ${key}` } }),
        403,
      ],
      [approve({}, 'usr_nobody0000000000'), 404],
      [approve({ provider: 'nobody' }), 400],
      [approve({ provider: '*' }), 400],
      [approve({ email: 'nobody' }), 400],
      [approve({ email: '*@example.com' }), 400],
      [approve({ email: undefined }), 400],
      [approve({ role: 'admin' }), 400],
      [approve({ user_id: userId }), 400],
    ]
    for (const [answer, status] of statuses) expect((await answer).status).toBe(status)
    const member = await signedInBrowser(context, 'google')
    const asMember = await member.fetch(`/admin/users/${userId}/identities`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ email, provider: 'entra' }),
    })
    expect(asMember.status).toBe(403)
    expect((await json(await context.gateway.asAdmin('/admin/invitations'))).data).toEqual([])
  })

  async function startedUser(subject: string, address: string): Promise<string> {
    Object.assign(context.entra.account, { sub: subject, email: address })
    const id = (await validate(await keyOf(subject))).user.id
    context.entra.account.email = email
    return id
  }
})

import { afterEach, describe, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { type PeopleContext, person, startPeople } from './people-context.ts'

const path = '/admin/access-rules'
const [ada, bob] = [person('ada'), person('bob')]

describe('a rule that changes', () => {
  let context: PeopleContext
  afterEach(() => context.close())
  const add = (kind: string, value: string) => context.done('POST', path, { kind, value })
  const remove = (id: string) => context.done('DELETE', `${path}/${id}`)

  test('cuts keys and sessions off at the next request, and brings them back when it is widened', async () => {
    context = await startPeople()
    const rule = await add('allow_domain', 'example.com')
    const [key, jar] = [await context.keyOf(ada), await context.browserOf(ada)]
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual(['valid', 'valid'])

    const other = await add('allow_domain', 'elsewhere.test')
    await remove(rule.id)
    const refused = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="keydesk", error="invalid_token"')
    expect(refused.headers.get('cache-control')).toContain('no-store')
    expect(await json(refused)).toMatchObject({ code: 'owner_not_allowed' })
    const session = await jar.fetch('/auth/session')
    expect(session.status).toBe(401)
    expect(session.headers.get('www-authenticate')).toContain('Bearer')
    expect(await json(session)).toMatchObject({ code: 'owner_not_allowed' })
    expect(await context.refusalOf(ada)).toBe('domain_not_allowed')

    await add('allow_email', 'ada@example.com')
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual(['valid', 'valid'])
    await remove(other.id)
    expect(await context.codeFor(key)).toBe('valid')
  })

  test('is in force however often a key was asked for before: nothing warm survives it', async () => {
    context = await startPeople()
    const key = await context.keyOf(ada)
    for (let round = 0; round < 5; round += 1) {
      expect(await context.codeFor(key)).toBe('valid')
      const { id } = await add('deny_email', 'ada@example.com')
      expect(await context.codeFor(key)).toBe('owner_not_allowed')
      await remove(id)
    }
    expect(await context.codeFor(key)).toBe('valid')
  })

  test('a deny rule beats the domain, the address and ADMIN_EMAILS, at the door and inside', async () => {
    context = await startPeople({
      ADMIN_EMAILS: 'ada@example.com',
      ALLOWED_EMAILS: 'ada@example.com',
      ALLOWED_DOMAINS: 'example.com',
    })
    const [key, jar] = [await context.keyOf(ada), await context.browserOf(ada)]
    const bobsKey = await context.keyOf(bob)
    expect((await jar.fetch('/admin/users')).status).toBe(200)
    await add('deny_email', 'ada@example.com')
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual([
      'owner_not_allowed',
      'owner_not_allowed',
    ])
    const admin = await jar.fetch('/admin/users')
    expect([admin.status, (await json(admin)).code]).toEqual([401, 'owner_not_allowed'])
    expect(await context.refusalOf(ada)).toBe('denied')
    expect(await context.codeFor(bobsKey)).toBe('valid')
  })

  test('the first allow rule ends that anybody may come in, and its removal begins it again', async () => {
    context = await startPeople()
    const key = await context.keyOf(ada)
    const { id } = await add('allow_email', 'bob@example.com')
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
    await remove(id)
    expect(await context.codeFor(key)).toBe('valid')
  })

  test('a rule of another provider covers nobody of Google', async () => {
    context = await startPeople({
      PROVIDER_OKTA_LABEL: 'Okta',
      PROVIDER_OKTA_ISSUER: 'https://okta.example.com',
      PROVIDER_OKTA_CLIENT_ID: 'keydesk',
      PROVIDER_OKTA_CLIENT_SECRET: 'Rk3vW9qLmX2pZt7bNc5yHs8d',
      ALLOWED_DOMAINS: 'example.com',
    })
    const key = await context.keyOf(ada)
    const rule = { provider: 'okta', value: 'ada@example.com' }
    await context.done('POST', path, { kind: 'deny_email', ...rule })
    expect(await context.codeFor(key)).toBe('valid')
    await context.done('POST', path, { kind: 'allow_email', ...rule, value: 'carl@other.test' })
    const carl = person('carl', { email: 'carl@other.test', hd: 'other.test' })
    expect(await context.refusalOf(carl)).toBe('domain_not_allowed')
  })

  test('is in force at another gateway on the same database', async () => {
    context = await startPeople()
    const other = await startGateway({}, { beside: context.gateway })
    const key = await context.keyOf(ada)
    const there = () => context.codeFor(key, '', other)
    try {
      expect(await there()).toBe('valid')
      const { id } = await add('deny_email', 'ada@example.com')
      expect(await there()).toBe('owner_not_allowed')
      expect((await other.asAdmin(`${path}/${id}`, { method: 'DELETE' })).status).toBe(204)
      expect([await there(), await context.codeFor(key)]).toEqual(['valid', 'valid'])
    } finally {
      await other.close()
    }
  })

  test('a key that is verified while rules change ends as the last rule says', async () => {
    context = await startPeople()
    const key = await context.keyOf(ada)
    const asking = Array.from({ length: 50 }, () => context.codeFor(key))
    await add('deny_email', 'ada@example.com')
    const codes = new Set(await Promise.all(asking))
    for (const code of codes) expect(['valid', 'owner_not_allowed']).toContain(code)
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
  })
})

describe('who was last seen as somebody else', () => {
  let context: PeopleContext
  afterEach(() => context.close())
  const claims: [string, object, string][] = [
    ['the Workspace', { hd: 'elsewhere.test' }, 'hd_not_allowed'],
    ['having a Workspace', { hd: undefined }, 'hd_not_allowed'],
    ['the address', { email: 'ada@elsewhere.test' }, 'domain_not_allowed'],
    ['the address to a denied one', { email: 'denied@example.com' }, 'denied'],
  ]

  test.each(claims)(
    'changes %s: the sign-in is refused and cuts off keys and sessions',
    async (_, now, reason) => {
      context = await startPeople({ ALLOWED_DOMAINS: 'example.com', DENIED_EMAILS: 'denied@example.com' })
      const [key, jar] = [await context.keyOf(ada), await context.browserOf(ada)]
      expect(await context.codeFor(key)).toBe('valid')
      expect(await context.refusalOf({ ...ada, ...now })).toBe(reason)
      expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual([
        'owner_not_allowed',
        'owner_not_allowed',
      ])
      const { id } = await context.userOf('ada@example.com')
      const [event] = await context.audit('sign_in.refused')
      expect(event).toMatchObject({ actor: `user:${id}`, facts: { reason, identity_changed: true } })
      // As it was before: a good sign-in is the latest word again.
      await context.keyOf(ada)
      expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual(['valid', 'valid'])
    },
  )

  test('whose address is not verified any more is cut off until it is', async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' })
    const key = await context.keyOf(ada)
    expect(await context.codeFor(key)).toBe('valid')
    expect(await context.refusalOf({ ...ada, email_verified: false })).toBe('email_unverified')
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
    const { id } = await context.userOf('ada@example.com')
    const { identities } = await context.get(`/admin/users/${id}`)
    expect(identities).toMatchObject([{ email: 'ada@example.com', email_verified: false }])
    await context.keyOf(ada)
    expect(await context.codeFor(key)).toBe('valid')
  })

  test('is cut off also where the most keys a person may have leave no room for one more', async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com', SSO_KEYS_MAX: '1' })
    const key = await context.keyOf(ada)
    expect(await context.refusalOf({ ...ada, hd: 'elsewhere.test' })).toBe('hd_not_allowed')
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
  })

  test('a stranger with another subject and the same address changes nothing of them', async () => {
    context = await startPeople({ ALLOWED_DOMAINS: 'example.com' })
    const key = await context.keyOf(ada)
    const stranger = { ...ada, sub: 'stranger' }
    expect(await context.refusalOf(stranger)).toBe('email_of_another_user')
    // Whoever may not come in learns nothing of who is here.
    expect(await context.refusalOf({ ...stranger, hd: undefined })).toBe('hd_not_allowed')
    expect(await context.refusalOf({ ...stranger, email_verified: false })).toBe('email_unverified')
    expect(await context.codeFor(key)).toBe('valid')
  })
})

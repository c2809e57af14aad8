import { afterEach, describe, expect, test } from 'vitest'
import { auditOf, expectRefused, inventory } from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  type ProviderId,
  type SeveralProviders,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const notAllowed = (reason: string) => ({ status: 403, code: 'not_allowed', reason })
const unverified = { status: 403, code: 'email_unverified', reason: 'email_unverified' }

let context: SeveralProviders
afterEach(() => context.close())

/** Everybody is Alice by the email address, and somebody else by the subject. */
async function start(settings: Record<string, string>): Promise<void> {
  context = await startSeveralProviders(settings)
  for (const { account } of [context.entra, context.keycloak]) account.email = 'alice@example.com'
  context.keycloak.account.sub = 'keycloak-7'
}

async function expectIn(provider: ProviderId, role: 'member' | 'admin'): Promise<string> {
  const response = await signInAt(context, provider)
  const key = keyTextOn(await response.text()) ?? ''
  expect({ provider, status: response.status }).toEqual({ provider, status: 200 })
  const answer = await json(await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } }))
  expect(answer).toMatchObject({ valid: true, user: { email: 'alice@example.com', role } })
  return key
}

async function expectOut(provider: ProviderId, reason: string): Promise<void> {
  const { event } = await expectRefused(context, notAllowed(reason), (headers) =>
    signInAt(context, provider, { headers }),
  )
  expect(event.facts.provider).toBe(provider)
}

describe('a rule is of one provider', () => {
  const rules: [string, Record<string, string>, ProviderId | null, ProviderId[], 'member' | 'admin'][] = [
    ['an address alone', { ALLOWED_EMAILS: 'alice@example.com' }, 'google', ['entra', 'key-cloak'], 'member'],
    ['a domain alone', { ALLOWED_DOMAINS: 'example.com' }, 'google', ['entra', 'key-cloak'], 'member'],
    [
      'an admin address alone',
      { ADMIN_EMAILS: 'alice@example.com', ALLOWED_EMAILS: 'b@example.com' },
      'google',
      ['entra', 'key-cloak'],
      'admin',
    ],
    [
      'an address of entra',
      { ALLOWED_EMAILS: 'entra:Alice@example.com' },
      'entra',
      ['google', 'key-cloak'],
      'member',
    ],
    [
      'a domain of entra',
      { ALLOWED_DOMAINS: 'entra:example.com' },
      'entra',
      ['google', 'key-cloak'],
      'member',
    ],
    [
      'an admin address of key-cloak',
      { ADMIN_EMAILS: 'key-cloak:alice@example.com', ALLOWED_EMAILS: 'b@example.com' },
      'key-cloak',
      ['google', 'entra'],
      'admin',
    ],
    [
      'addresses that differ by provider',
      { ALLOWED_EMAILS: 'bob@example.com,entra:bob@example.com,key-cloak:alice@example.com' },
      'key-cloak',
      ['google', 'entra'],
      'member',
    ],
  ]
  test.each(rules)('%s', async (_, settings, admitted, refused, role) => {
    await start(settings)
    for (const provider of refused) await expectOut(provider, 'domain_not_allowed')
    if (admitted !== null) await expectIn(admitted, role)
  })

  test('an address of ADMIN_EMAILS is a plain member when another provider asserts it where anybody may come in', async () => {
    await start({ ADMIN_EMAILS: 'alice@example.com' })
    await expectIn('entra', 'member')
    expect((await inventory(context)).users).toMatchObject([{ role: 'member' }])
  })

  test('a rule in the database is of one provider too', async () => {
    await start({ ALLOWED_EMAILS: 'b@example.com' })
    const added = await context.gateway.asAdmin('/admin/access-rules', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'allow_email', provider: 'entra', value: 'alice@example.com' }),
    })
    expect(added.status).toBe(201)
    await expectOut('google', 'domain_not_allowed')
    await expectOut('key-cloak', 'domain_not_allowed')
    await expectIn('entra', 'member')
  })

  test('an address of DENIED_EMAILS that names no provider is denied at every one, whatever else is allowed', async () => {
    const allowed = 'alice@example.com,entra:alice@example.com,key-cloak:alice@example.com'
    await start({ DENIED_EMAILS: 'Alice@Example.com', ALLOWED_EMAILS: allowed, ADMIN_EMAILS: allowed })
    for (const provider of ['google', 'entra', 'key-cloak'] as const) await expectOut(provider, 'denied')
    expect((await inventory(context)).users).toEqual([])
  })

  test('an address of DENIED_EMAILS that names a provider is denied there alone', async () => {
    await start({ DENIED_EMAILS: 'entra:alice@example.com' })
    await expectOut('entra', 'denied')
    await expectIn('key-cloak', 'member')
  })

  test('a domain of another provider than Google needs no hd, and an hd does not stand in for the domain', async () => {
    await start({ ALLOWED_DOMAINS: 'entra:example.com,key-cloak:corp.test' })
    context.keycloak.account.hd = 'corp.test'
    await expectOut('key-cloak', 'domain_not_allowed')
    context.entra.account.hd = undefined
    await expectIn('entra', 'member')
  })
})

describe('an email address at a second provider', () => {
  test('is refused when it is that of a user: nothing is merged, and nothing changes', async () => {
    await start({})
    const key = await expectIn('google', 'member')
    const [user] = (await inventory(context)).users
    const before = await json(await context.gateway.asAdmin(`/admin/users/${user.id}`))
    await expectOut('entra', 'email_of_another_user')
    // Also with the very subject that the person has at the first provider.
    context.entra.account.sub = before.identities[0].subject
    await expectOut('entra', 'email_of_another_user')
    await expectOut('key-cloak', 'email_of_another_user')
    expect(await json(await context.gateway.asAdmin(`/admin/users/${user.id}`))).toEqual(before)
    expect(await auditOf(context, 'identity.linked')).toEqual([])
    const answer = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    expect(answer.status).toBe(200)
  })

  test('makes another user where only the subject is the same', async () => {
    await start({})
    await expectIn('google', 'member')
    const [user] = (await inventory(context)).users
    const { identities } = await json(await context.gateway.asAdmin(`/admin/users/${user.id}`))
    Object.assign(context.entra.account, { sub: identities[0].subject, email: 'other@example.com' })
    expect((await signInAt(context, 'entra')).status).toBe(200)
    expect((await inventory(context)).users).toHaveLength(2)
  })
})

describe('PROVIDER_<ID>_TRUST_EMAIL', () => {
  test('admits without the claim at that provider alone, and lends itself to no rule of another', async () => {
    await start({ PROVIDER_ENTRA_TRUST_EMAIL: 'true' })
    for (const { account } of [context.entra, context.keycloak]) account.email_verified = undefined
    await expectRefused(context, unverified, (headers) => signInAt(context, 'key-cloak', { headers }))
    await expectIn('entra', 'member')
  })

  test('admits nobody whose claim says anything but true, in the ID token or in UserInfo', async () => {
    await start({ PROVIDER_ENTRA_TRUST_EMAIL: 'true' })
    for (const said of [false, 'false', 'true', 1, 0, null, [true], {}]) {
      context.entra.account.email_verified = said
      await expectRefused(context, unverified, (headers) => signInAt(context, 'entra', { headers }))
    }
    context.entra.account.email_verified = undefined
    for (const part of ['idTokenClaims', 'userInfo'] as const) {
      for (const said of [false, 'true']) {
        context.entra.behaviour.idTokenClaims = (claims) => claims
        context.entra.behaviour.userInfo = (claims) => claims
        context.entra.behaviour[part] = (claims: object) => ({ ...claims, email_verified: said }) as never
        await expectRefused(context, unverified, (headers) => signInAt(context, 'entra', { headers }))
      }
    }
  })

  test('that is false or is not set wants the claim', async () => {
    await start({ PROVIDER_ENTRA_TRUST_EMAIL: 'false' })
    for (const { account } of [context.entra, context.keycloak]) account.email_verified = undefined
    for (const provider of ['entra', 'key-cloak'] as const)
      await expectRefused(context, unverified, (headers) => signInAt(context, provider, { headers }))
  })
})

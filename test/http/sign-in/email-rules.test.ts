import { afterEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  expectRefused,
  inventory,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'

type Claims = Record<string, unknown>
const notAllowed = (reason: string) => ({ status: 403, code: 'not_allowed', reason })
const unverified = { status: 403, code: 'email_unverified', reason: 'email_unverified' }
const unusable = (reason: string) => ({ status: 502, code: 'provider_error', reason })

let context: Attacked
afterEach(() => context.close())

describe('an email address counts only as verified', () => {
  test('email_verified that is not boolean true, in the ID token or in UserInfo, is refused', async () => {
    context = await startAttackedGateway({ ADMIN_EMAILS: 'wanda@example.com' })
    for (const said of [false, 'false', 'true', 'TRUE', 1, 0, null, undefined, [true], {}]) {
      context.wrong.account.email_verified = said
      await expectRefused(context, unverified, (headers) => signInWrong(context, headers))
    }
    for (const part of ['idTokenClaims', 'userInfo'] as const) {
      context.wrong.reset()
      context.wrong.behaviour[part] = (claims: Claims) => ({ ...claims, email_verified: false }) as never
      await expectRefused(context, unverified, (headers) => signInWrong(context, headers))
    }
  })

  test('the refusal says in plain words what to do, and the audit row names who it was', async () => {
    context = await startAttackedGateway()
    context.wrong.account.email_verified = false
    const { problem, event } = await expectRefused(context, unverified, (headers) =>
      signInWrong(context, headers),
    )
    expect(problem.detail).toContain('Verify it there')
    expect(event).toMatchObject({ actor: 'anonymous', target: null, details: { email: 'wanda@example.com' } })
  })

  test('different emails in ID token and UserInfo are refused; another case of the same letters is not different', async () => {
    context = await startAttackedGateway()
    context.wrong.behaviour.userInfo = (claims) => ({ ...claims, email: 'eve@example.com' })
    await expectRefused(context, unusable('emails_differ'), (headers) => signInWrong(context, headers))
    context.wrong.behaviour.userInfo = (claims) => ({ ...claims, email: 'WANDA@Example.COM' })
    expect((await signInWrong(context)).status).toBe(200)
    expect((await inventory(context)).users).toMatchObject([{ email: 'wanda@example.com' }])
  })

  test('an address that is missing, of another type, with two @ or with look-alike letters is refused', async () => {
    context = await startAttackedGateway({ ALLOWED_DOMAINS: 'example.com' })
    const emails = [
      undefined,
      null,
      '',
      'wanda',
      ['wanda@example.com'],
      'eve@evil.test@example.com',
      '"eve@evil.test"@example.com',
    ]
    const lookAlikes = [
      'wanda@exаmple.com',
      'wаnda@example.com',
      'wanda@example.com\u200b',
      'wanda@example。com',
      'wanda@example.com\u0000',
    ]
    const shapes = [
      ' wanda@example.com',
      'wanda@example.com\n',
      'wanda@example.com.',
      'Wanda <wanda@example.com>',
      `${'w'.repeat(250)}@example.com`,
    ]
    for (const email of [...emails, ...lookAlikes, ...shapes]) {
      context.wrong.account.email = email
      await expectRefused(context, { status: 403, code: 'not_allowed', reason: 'no_email' }, (headers) =>
        signInWrong(context, headers),
      )
    }
  })
})

describe('who may come in', () => {
  const rules: [string, Record<string, string>, Claims, 'member' | 'admin' | string][] = [
    ['the domain and its hd', { ALLOWED_DOMAINS: 'Example.COM' }, {}, 'member'],
    ['hd in capitals', { ALLOWED_DOMAINS: 'example.com' }, { hd: 'EXAMPLE.com' }, 'member'],
    ['the domain without hd', { ALLOWED_DOMAINS: 'example.com' }, { hd: undefined }, 'hd_not_allowed'],
    ['the domain with another hd', { ALLOWED_DOMAINS: 'example.com' }, { hd: 'evil.test' }, 'hd_not_allowed'],
    [
      'the hd with another domain',
      { ALLOWED_DOMAINS: 'example.com' },
      { email: 'a@evil.test' },
      'domain_not_allowed',
    ],
    [
      'email and hd of two listed domains',
      { ALLOWED_DOMAINS: 'example.com,corp.test' },
      { hd: 'corp.test' },
      'member',
    ],
    [
      'a domain that ends as ours',
      { ALLOWED_DOMAINS: 'example.com' },
      { email: 'a@evilexample.com', hd: 'evilexample.com' },
      'domain_not_allowed',
    ],
    [
      'a subdomain',
      { ALLOWED_DOMAINS: 'example.com' },
      { email: 'a@sub.example.com', hd: 'sub.example.com' },
      'domain_not_allowed',
    ],
    ['the parent of a subdomain', { ALLOWED_DOMAINS: 'sub.example.com' }, {}, 'domain_not_allowed'],
    [
      'a domain that begins as ours',
      { ALLOWED_DOMAINS: 'example.com' },
      { email: 'a@example.com.evil.test' },
      'domain_not_allowed',
    ],
    ['a listed address', { ALLOWED_EMAILS: 'Wanda@example.com' }, { hd: undefined }, 'member'],
    ['an address that is not listed', { ALLOWED_EMAILS: 'ada@example.com' }, {}, 'domain_not_allowed'],
    [
      'an address with a tag',
      { ALLOWED_EMAILS: 'wanda@example.com' },
      { email: 'wanda+x@example.com' },
      'domain_not_allowed',
    ],
    [
      'a listed address outside of the domain',
      { ALLOWED_DOMAINS: 'corp.test', ALLOWED_EMAILS: 'wanda@example.com' },
      {},
      'member',
    ],
    ['a listed admin', { ADMIN_EMAILS: 'WANDA@example.com', ALLOWED_DOMAINS: 'corp.test' }, {}, 'admin'],
    ['another than the listed admin, on loopback', { ADMIN_EMAILS: 'ada@example.com' }, {}, 'member'],
    ['anybody, first of all, on loopback', {}, {}, 'member'],
    ['somebody who says to be an admin', {}, { role: 'admin', groups: ['admin'], admin: true }, 'member'],
  ]
  test.each(rules)('%s', async (_, settings, claims, outcome) => {
    context = await startAttackedGateway(settings)
    Object.assign(context.wrong.account, claims)
    if (outcome === 'member' || outcome === 'admin') return expectAdmitted(outcome)
    await expectRefused(context, notAllowed(outcome), (headers) => signInWrong(context, headers))
  })

  const publicUrl = { AUTH_BASE_URL: 'https://keys.example.com' }
  test('nobody is admitted by silence where AUTH_BASE_URL is not on loopback', async () => {
    context = await startAttackedGateway(publicUrl)
    const { problem } = await expectRefused(context, notAllowed('no_rule'), (headers) =>
      signInWrong(context, headers),
    )
    expect(problem.detail).toContain('not on the list')
  })

  test('with ADMIN_EMAILS alone only they are admitted there', async () => {
    context = await startAttackedGateway({ ...publicUrl, ADMIN_EMAILS: 'ada@example.com' })
    await expectRefused(context, notAllowed('no_rule'), (headers) => signInWrong(context, headers))
    Object.assign(context.wrong.account, { sub: '2', email: 'ada@example.com' })
    await expectAdmitted('admin')
  })

  test('everybody is admitted there who is let in by the setting with the ugly name, and nobody unverified', async () => {
    context = await startAttackedGateway({ ...publicUrl, DANGEROUSLY_ALLOW_ANY_ACCOUNT: 'true' })
    await expectAdmitted('member')
    Object.assign(context.wrong.account, { sub: '2', email: 'a@b.test', email_verified: 'true' })
    await expectRefused(context, unverified, (headers) => signInWrong(context, headers))
  })

  async function expectAdmitted(role: string): Promise<void> {
    const response = await signInWrong(context)
    const key = keyTextOn(await response.text()) ?? ''
    expect(response.status).toBe(200)
    const answer = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    expect(await json(answer)).toMatchObject({ valid: true, user: { role }, key: { scopes: [] } })
  }
})

import { describe, expect, test } from 'vitest'
import {
  type AccessPolicy,
  type AccessRule,
  compileAccessPolicy,
  isOwnerAllowed,
  judgeAccess,
} from '../../src/domain/access-policy.ts'

type Named = Pick<AccessRule, 'provider' | 'value'>
const at = (provider: string, value: string): Named => ({ provider, value })
const google = (email: string, hd: string | null = null) => ({ provider: 'google', email, hd })
const okta = (email: string, hd: string | null = null) => ({ provider: 'okta', email, hd })

function policy(parts: {
  domains?: readonly Named[]
  emails?: readonly Named[]
  denied?: readonly Named[]
  admins?: readonly Named[]
  open?: boolean
  issuers?: Record<string, string>
}): AccessPolicy {
  const rules: AccessRule[] = [
    ...(parts.domains ?? []).map((rule) => ({ kind: 'allow_domain' as const, ...rule })),
    ...(parts.emails ?? []).map((rule) => ({ kind: 'allow_email' as const, ...rule })),
    ...(parts.denied ?? []).map((rule) => ({ kind: 'deny_email' as const, ...rule })),
  ]
  const issuers = parts.issuers === undefined ? null : new Map(Object.entries(parts.issuers))
  return compileAccessPolicy({
    rules,
    admins: parts.admins ?? [],
    isOpenWithoutRules: parts.open ?? false,
    issuers,
  })
}

const corp = [at('google', 'corp.com')]
const grace = [at('google', 'grace@partner.test')]
const ada = [at('google', 'ada@corp.com')]
const oktaCorp = [at('okta', 'corp.com')]
const admitted = { outcome: 'admitted', role: 'member' }
const admin = { outcome: 'admitted', role: 'admin' }
const refused = (reason: string) => ({ outcome: 'refused', reason })
const elsewhere = refused('domain_not_allowed')

describe('who may come in', () => {
  test.each([
    ['silence admits nobody', google('ada@corp.com', 'corp.com'), {}, refused('no_rule')],
    ['silence admits a listed admin', google('ada@corp.com'), { admins: ada }, admin],
    [
      'silence with admins: nobody else',
      google('eve@corp.com', 'corp.com'),
      { admins: ada },
      refused('no_rule'),
    ],
    ['the open demo admits anybody', google('eve@evil.test'), { open: true }, admitted],
    ['the open demo knows admins', google('ada@corp.com'), { admins: ada, open: true }, admin],
    ['a rule closes the open demo', google('eve@evil.test'), { domains: corp, open: true }, elsewhere],
    [
      'a listed email closes the open demo',
      google('eve@evil.test'),
      { emails: grace, open: true },
      elsewhere,
    ],
    [
      'a deny rule alone does not close the open demo',
      google('eve@evil.test'),
      { denied: ada, open: true },
      admitted,
    ],
    ['a deny rule alone lets nobody in', google('eve@evil.test'), { denied: ada }, refused('no_rule')],
    ['a domain with its hd', google('ada@corp.com', 'corp.com'), { domains: corp }, admitted],
    ['hd is missing', google('ada@corp.com'), { domains: corp }, refused('hd_not_allowed')],
    ['hd is empty', google('ada@corp.com', ''), { domains: corp }, refused('hd_not_allowed')],
    [
      'hd is of another domain',
      google('ada@corp.com', 'evil.test'),
      { domains: corp },
      refused('hd_not_allowed'),
    ],
    ['hd is right, the email elsewhere', google('ada@evil.test', 'corp.com'), { domains: corp }, elsewhere],
    [
      'hd is another listed domain: aliases of one Workspace',
      google('ada@corp.com', 'labs.test'),
      { domains: [...corp, at('google', 'labs.test')] },
      admitted,
    ],
    [
      'hd is a domain that is listed for another provider alone',
      google('ada@corp.com', 'labs.test'),
      { domains: [...corp, at('okta', 'labs.test')] },
      refused('hd_not_allowed'),
    ],
    [
      'hd with the domain as its end',
      google('ada@corp.com', 'evilcorp.com'),
      { domains: corp },
      refused('hd_not_allowed'),
    ],
    ['hd is a subdomain', google('ada@corp.com', 'x.corp.com'), { domains: corp }, refused('hd_not_allowed')],
    [
      'another domain with the same end',
      google('eve@evilcorp.com', 'evilcorp.com'),
      { domains: corp },
      elsewhere,
    ],
    ['a subdomain is not the domain', google('eve@x.corp.com', 'x.corp.com'), { domains: corp }, elsewhere],
    [
      'the domain as a beginning',
      google('eve@corp.com.evil.test', 'corp.com.evil.test'),
      { domains: corp },
      elsewhere,
    ],
    ['the domain in the local part', google('corp.com@evil.test', 'evil.test'), { domains: corp }, elsewhere],
    ['another provider has no hd to ask for', okta('ada@corp.com'), { domains: oktaCorp }, admitted],
    ['another provider, another domain', okta('ada@evil.test', 'corp.com'), { domains: oktaCorp }, elsewhere],
    [
      'a listed email, whatever its domain and hd',
      google('grace@partner.test'),
      { domains: corp, emails: grace },
      admitted,
    ],
    ['an email like a listed one', google('grace@partner.test.evil.test'), { emails: grace }, elsewhere],
    [
      'an email that a listed one ends with',
      google('e@partner.test'),
      { emails: [at('google', 'eve@partner.test')] },
      elsewhere,
    ],
    [
      'a listed admin passes a domain rule that he does not match',
      google('ada@corp.com'),
      { admins: ada, domains: [at('google', 'labs.test')] },
      admin,
    ],
    [
      'an admin address listed twice is an admin',
      google('ada@corp.com'),
      { admins: ada, emails: ada },
      admin,
    ],
  ])('%s', (_, identity, rules, admission) => {
    expect(judgeAccess(identity, policy(rules))).toEqual(admission)
  })

  test.each([
    ['a domain', { domains: corp }],
    ['an address', { emails: ada }],
    ['an admin', { admins: ada }],
    ['an open door', { open: true }],
    ['everything', { domains: corp, emails: ada, admins: ada, open: true }],
  ])('a deny rule beats %s, whether of the provider or of every one', (_, rules) => {
    for (const provider of ['google', '*']) {
      const denied = [at(provider, 'ada@corp.com')]
      const judged = judgeAccess(google('ada@corp.com', 'corp.com'), policy({ ...rules, denied }))
      expect(judged, provider).toEqual(refused('denied'))
    }
  })

  test('a deny rule of another provider, and of another address, denies nobody here', () => {
    for (const denied of [at('okta', 'ada@corp.com'), at('google', 'ad@corp.com'), at('*', 'da@corp.com')])
      expect(judgeAccess(google('ada@corp.com'), policy({ emails: ada, denied: [denied] }))).toEqual(admitted)
  })

  test('a rule is of one provider: no other can assert its domain, its address or its admin', () => {
    expect(judgeAccess(okta('ada@corp.com', 'corp.com'), policy({ domains: corp }))).toEqual(elsewhere)
    expect(judgeAccess(okta('ada@corp.com'), policy({ emails: ada }))).toEqual(elsewhere)
    expect(judgeAccess(okta('ada@corp.com'), policy({ admins: ada }))).toEqual(refused('no_rule'))
    expect(judgeAccess(okta('ada@corp.com'), policy({ admins: ada, open: true }))).toEqual(admitted)
  })

  test('an allow rule of * or of part of a provider’s name allows nobody', () => {
    for (const provider of ['*', 'googl', 'google2', '']) {
      const rules = {
        domains: [at(provider, 'corp.com')],
        emails: [at(provider, 'ada@corp.com')],
        admins: [at(provider, 'ada@corp.com')],
      }
      expect(judgeAccess(google('ada@corp.com', 'corp.com'), policy(rules))).toEqual(elsewhere)
    }
  })
})

describe('who may stay', () => {
  const rules = policy({ domains: corp, emails: [at('okta', 'ada@home.test')] })
  const seen = (identity: ReturnType<typeof google>, emailVerified = true) => ({
    ...identity,
    issuer: `https://${identity.provider}.test`,
    emailVerified,
  })
  const person = (...identities: ReturnType<typeof seen>[]) => ({ kind: 'person', identities })
  const covered = seen(google('ada@corp.com', 'corp.com'))
  const uncovered = seen(google('ada@elsewhere.test', 'elsewhere.test'))

  test('whoever has an identity that is verified and covered', () => {
    expect(isOwnerAllowed(person(covered), rules)).toBe(true)
    expect(isOwnerAllowed(person(uncovered), rules)).toBe(false)
  })

  test('nobody by an identity that is not verified any more', () => {
    expect(isOwnerAllowed(person({ ...covered, emailVerified: false }), rules)).toBe(false)
    const open = policy({ open: true })
    expect(isOwnerAllowed(person({ ...covered, emailVerified: false }), open)).toBe(false)
    expect(isOwnerAllowed(person(covered), open)).toBe(true)
  })

  test('one of several identities is enough, in whatever order', () => {
    const other = seen(okta('ada@home.test'))
    expect(isOwnerAllowed(person(uncovered, other), rules)).toBe(true)
    expect(isOwnerAllowed(person(other, uncovered), rules)).toBe(true)
    expect(isOwnerAllowed(person({ ...covered, emailVerified: false }, other), rules)).toBe(true)
    // Neither makes up for what the other lacks.
    expect(isOwnerAllowed(person(uncovered, { ...other, emailVerified: false }), rules)).toBe(false)
  })

  test('nobody with one denied identity, verified or not, whatever the others are', () => {
    const denied = policy({ domains: corp, denied: [at('*', 'ada@home.test')] })
    const other = seen(okta('ada@home.test'))
    for (const identity of [other, { ...other, emailVerified: false }]) {
      expect(isOwnerAllowed(person(covered, identity), denied)).toBe(false)
      expect(isOwnerAllowed(person(identity, covered), denied)).toBe(false)
    }
    expect(isOwnerAllowed(person(covered), denied)).toBe(true)
  })

  test('no person without any identity, even where anybody may come in', () => {
    expect(isOwnerAllowed(person(), rules)).toBe(false)
    expect(isOwnerAllowed(person(), policy({ open: true }))).toBe(false)
  })

  test('every service account, and nobody who is neither', () => {
    expect(isOwnerAllowed({ kind: 'service', identities: [] }, rules)).toBe(true)
    expect(isOwnerAllowed({ kind: 'service', identities: [] }, policy({}))).toBe(true)
    expect(isOwnerAllowed({ kind: 'robot', identities: [] }, policy({ open: true }))).toBe(false)
  })

  test('only whom a provider that is still set up, with the same issuer, vouches for', () => {
    const issuers = (map: Record<string, string>) => policy({ domains: corp, issuers: map })
    const everywhere = { google: 'https://google.test', okta: 'https://okta.test' }
    expect(isOwnerAllowed(person(covered), issuers(everywhere))).toBe(true)
    expect(isOwnerAllowed(person(covered), issuers({ okta: 'https://okta.test' }))).toBe(false)
    expect(isOwnerAllowed(person(covered), issuers({ google: 'https://other.test' }))).toBe(false)
    expect(isOwnerAllowed(person(covered), issuers({}))).toBe(false)
  })
})

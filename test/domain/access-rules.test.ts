import { describe, expect, test } from 'vitest'
import { judgeAdmission } from '../../src/domain/access-rules.ts'

const silence = { allowedDomains: [], allowedEmails: [], adminEmails: [], openWithoutRules: false }
const google = (email: string, hd: string | null = null) => ({ provider: 'google', email, hd })
const corp = { ...silence, allowedDomains: ['corp.com'] }
const two = { ...silence, allowedDomains: ['corp.com', 'labs.test'] }
const listed = { ...silence, allowedEmails: ['grace@partner.test'] }
const admins = { ...silence, adminEmails: ['ada@corp.com'] }
const admitted = { outcome: 'admitted', role: 'member' }
const admin = { outcome: 'admitted', role: 'admin' }
const refused = (reason: string) => ({ outcome: 'refused', reason })

describe('who may come in', () => {
  test.each([
    ['silence admits nobody', google('ada@corp.com', 'corp.com'), silence, refused('no_rule')],
    ['silence admits a listed admin', google('ada@corp.com'), admins, admin],
    [
      'silence with admins admits nobody else',
      google('eve@corp.com', 'corp.com'),
      admins,
      refused('no_rule'),
    ],
    [
      'the open demo admits anybody',
      google('eve@evil.test'),
      { ...silence, openWithoutRules: true },
      admitted,
    ],
    ['the open demo knows admins', google('ada@corp.com'), { ...admins, openWithoutRules: true }, admin],
    [
      'a rule closes the open demo',
      google('eve@evil.test'),
      { ...corp, openWithoutRules: true },
      refused('domain_not_allowed'),
    ],
    [
      'a listed email closes the open demo',
      google('eve@evil.test'),
      { ...listed, openWithoutRules: true },
      refused('domain_not_allowed'),
    ],
    ['a domain with its hd', google('ada@corp.com', 'corp.com'), corp, admitted],
    ['hd is missing', google('ada@corp.com'), corp, refused('hd_not_allowed')],
    ['hd is of another domain', google('ada@corp.com', 'evil.test'), corp, refused('hd_not_allowed')],
    [
      'hd is right, the email of another domain',
      google('ada@evil.test', 'corp.com'),
      corp,
      refused('domain_not_allowed'),
    ],
    [
      'hd is another listed domain: aliases of one Workspace',
      google('ada@corp.com', 'labs.test'),
      two,
      admitted,
    ],
    [
      'hd with the domain as its end',
      google('ada@corp.com', 'evilcorp.com'),
      corp,
      refused('hd_not_allowed'),
    ],
    ['hd is a subdomain', google('ada@corp.com', 'x.corp.com'), corp, refused('hd_not_allowed')],
    [
      'another domain with the same end',
      google('eve@evilcorp.com', 'evilcorp.com'),
      corp,
      refused('domain_not_allowed'),
    ],
    [
      'a subdomain is not the domain',
      google('eve@x.corp.com', 'x.corp.com'),
      corp,
      refused('domain_not_allowed'),
    ],
    [
      'the domain as a beginning',
      google('eve@corp.com.evil.test', 'corp.com.evil.test'),
      corp,
      refused('domain_not_allowed'),
    ],
    [
      'the domain in the local part',
      google('corp.com@evil.test', 'evil.test'),
      corp,
      refused('domain_not_allowed'),
    ],
    [
      'another provider has no hd to ask for',
      { provider: 'okta', email: 'ada@corp.com', hd: null },
      corp,
      admitted,
    ],
    [
      'another provider, another domain',
      { provider: 'okta', email: 'ada@evil.test', hd: 'corp.com' },
      corp,
      refused('domain_not_allowed'),
    ],
    [
      'a listed email, whatever its domain and hd',
      google('grace@partner.test'),
      { ...corp, ...listed, allowedDomains: ['corp.com'] },
      admitted,
    ],
    [
      'an email like a listed one',
      google('grace@partner.test.evil.test'),
      listed,
      refused('domain_not_allowed'),
    ],
    [
      'an email that a listed one ends with',
      google('e@partner.test'),
      { ...silence, allowedEmails: ['eve@partner.test'] },
      refused('domain_not_allowed'),
    ],
    [
      'a listed admin passes a domain rule that he does not match',
      google('ada@corp.com'),
      { ...admins, allowedDomains: ['labs.test'] },
      admin,
    ],
    [
      'an admin address listed twice is an admin',
      google('ada@corp.com'),
      { ...admins, allowedEmails: ['ada@corp.com'] },
      admin,
    ],
  ])('%s', (_, identity, rules, admission) => {
    expect(judgeAdmission(identity, rules)).toEqual(admission)
  })
})

import { describe, expect, test } from 'vitest'
import { compileAccessPolicy, judgeAccess } from '../../src/domain/access-policy.ts'
import { isProviderId, parseRuleValue, splitProvider } from '../../src/domain/rule-text.ts'

const domain = (text: string) => parseRuleValue('allow_domain', text)
const email = (text: string) => parseRuleValue('allow_email', text)

describe('a domain of a rule', () => {
  test.each([
    ['corp.com', 'corp.com'],
    ['CORP.Com', 'corp.com'],
    ['a.b-c.corp.com', 'a.b-c.corp.com'],
    ['1.2.3.4.com', '1.2.3.4.com'],
    ['müller.de', 'xn--mller-kva.de'],
    ['MÜLLER.de', 'xn--mller-kva.de'],
    ['xn--mller-kva.de', 'xn--mller-kva.de'],
    ['faß.de', 'xn--fa-hia.de'],
    // IDNA maps the full stops of other scripts to ours, as browsers do.
    ['corp。com', 'corp.com'],
    ['corp．com', 'corp.com'],
    ['corp｡com', 'corp.com'],
  ])('%j is compared as %j', (text, value) => {
    expect(domain(text)).toBe(value)
  })

  test.each([
    '',
    '.',
    'com',
    'localhost',
    '.corp.com',
    'corp..com',
    'corp.com.',
    'corp.com。',
    '-corp.com',
    'corp-.com',
    'a_b.com',
    'corp com',
    'corp .com',
    'xn--a.de',
    '%',
  ])('%j is none', (text) => {
    expect(domain(text)).toBeNull()
  })

  test.each(['*', '*.corp.com', 'corp.*', '*corp.com', '.*', '%.com'])(
    'the wildcard %j is none, so that it cannot look as if it were in force',
    (text) => {
      expect(domain(text)).toBeNull()
    },
  )

  test.each(['1.2', '10.0.0.1', '0x7f.1', '127.1', '１.２', '[::1]', '::1', '1.2.3.4.', '0300.0250.1'])(
    'the address %j, however written, is none',
    (text) => {
      expect(domain(text)).toBeNull()
    },
  )

  test.each([
    'corp.com/evil',
    'evil.test/corp.com',
    'corp.com?x',
    'corp.com#x',
    'corp.com\\x',
    'corp.com:80',
    'https://corp.com',
    '//corp.com',
    'c%6frp.com',
    'corp%2ecom',
    'co\trp.com',
    'co\nrp.com',
    'corp.com\u0000',
    'ada@corp.com',
    '@corp.com',
  ])('%j is none: only the host of a URL would be read of it', (text) => {
    expect(domain(text)).toBeNull()
  })

  test('look-alike letters make another domain, which covers nobody of ours', () => {
    const lookAlike = domain('cоrp.com')
    expect(lookAlike).toBe('xn--crp-sed.com')
    const rule = { kind: 'allow_domain' as const, provider: 'okta', value: lookAlike ?? '' }
    const policy = compileAccessPolicy({
      rules: [rule],
      admins: [],
      isOpenWithoutRules: false,
      issuers: null,
    })
    const judged = judgeAccess({ provider: 'okta', email: 'ada@corp.com', hd: null }, policy)
    expect(judged.outcome).toBe('refused')
  })

  test('an end of it covers nothing: evilcorp.com is not corp.com, nor is a subdomain', () => {
    const rule = { kind: 'allow_domain' as const, provider: 'okta', value: domain('corp.com') ?? '' }
    const policy = compileAccessPolicy({
      rules: [rule],
      admins: [],
      isOpenWithoutRules: false,
      issuers: null,
    })
    const judge = (address: string) =>
      judgeAccess({ provider: 'okta', email: address, hd: null }, policy).outcome
    expect(judge('ada@corp.com')).toBe('admitted')
    for (const address of ['ada@evilcorp.com', 'ada@x.corp.com', 'ada@com', 'ada@corp.com.evil.test'])
      expect(judge(address), address).toBe('refused')
  })
})

describe('an address of a rule', () => {
  test.each([
    ['ada@corp.com', 'ada@corp.com'],
    ['Ada.Lovelace+X@Corp.COM', 'ada.lovelace+x@corp.com'],
    ['ada@müller.de', 'ada@xn--mller-kva.de'],
    ["o'neil@corp.com", "o'neil@corp.com"],
  ])('%j is compared as %j', (text, value) => {
    expect(email(text)).toBe(value)
    expect(parseRuleValue('deny_email', text)).toBe(value)
  })

  test.each([
    '',
    '@',
    'ada',
    'ada@',
    '@corp.com',
    'corp.com',
    'ada@corp',
    'ada@1.2',
    'ada@[127.0.0.1]',
    'ada@corp.com.',
    'a@b@corp.com',
    'ada@evil.test@corp.com',
    '"ada@evil.test"@corp.com',
    'ada @corp.com',
    ' ada@corp.com',
    'ada\u0000@corp.com',
    'Ada <ada@corp.com>',
    `${'a'.repeat(65)}@corp.com`,
    `${'a'.repeat(60)}@${'b.'.repeat(120)}com`,
  ])('%j is none', (text) => {
    expect(email(text)).toBeNull()
    expect(parseRuleValue('deny_email', text)).toBeNull()
  })

  test.each(['*@corp.com', 'a*@corp.com', '*@*', '*', 'ada@*.com', 'google:ada@corp.com'])(
    'the wildcard or prefix %j is none',
    (text) => {
      expect(email(text)).toBeNull()
    },
  )

  test.each(['adа@corp.com', 'adä@corp.com', 'ada＠corp.com', 'ada\u200b@corp.com', 'ada\u202e@corp.com'])(
    'the look-alike %j is none: nobody could tell it from the right one',
    (text) => {
      expect(email(text)).toBeNull()
    },
  )

  test.each(['ada@corp.com/x', 'ada@corp.com?x', 'ada@corp.com#x', 'ada@c%6frp.com', 'ada@co\trp.com'])(
    '%j is none: only the host of a URL would be read of it',
    (text) => {
      expect(email(text)).toBeNull()
    },
  )
})

describe('provider:value', () => {
  test.each([
    ['corp.com', null, 'corp.com'],
    ['ada@corp.com', null, 'ada@corp.com'],
    ['okta:corp.com', 'okta', 'corp.com'],
    ['okta: ada@corp.com ', 'okta', 'ada@corp.com'],
    ['my-idp-2:corp.com', 'my-idp-2', 'corp.com'],
    ['*:ada@corp.com', '*', 'ada@corp.com'],
    ['okta:', 'okta', ''],
    ['okta:google:corp.com', 'okta', 'google:corp.com'],
  ])('%j is provider %j and value %j', (text, provider, value) => {
    expect(splitProvider(text)).toEqual({ provider, value })
  })

  test.each(['Okta:corp.com', ':corp.com', '1a:corp.com', '**:corp.com', 'o kta:corp.com', 'ökta:corp.com'])(
    '%j names no provider, and is no value either',
    (text) => {
      const { provider, value } = splitProvider(text)
      expect(provider).toBeNull()
      expect([domain(value), email(value)]).toEqual([null, null])
    },
  )

  test('an id of a provider is short, in lower case, and begins with a letter', () => {
    for (const id of ['google', 'a', 'my-idp-2', `a${'b'.repeat(31)}`]) expect(isProviderId(id)).toBe(true)
    for (const id of ['', '*', '-a', '2a', 'A', 'a_b', 'a.b', 'a b', 'ä', 'a/b', `a${'b'.repeat(32)}`])
      expect(isProviderId(id), id).toBe(false)
  })
})

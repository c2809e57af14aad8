import { describe, expect, test } from 'vitest'
import { readConfig, SettingsError } from '../src/config.ts'

const required = {
  AUTH_BASE_URL: 'https://keys.corp.com',
  PROXY_MASTER_KEY: '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8',
}
const listUrl = 'https://lists.corp.com/allowed.json'

/** The problems that these settings are refused with; none when they are good. */
function problemsOf(settings: Record<string, string>): readonly string[] {
  try {
    readConfig({ ...required, ...settings })
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
}

describe('the settings of sessions and of who may come in', () => {
  test('have the documented defaults', () => {
    const config = readConfig(required)
    expect(config).toMatchObject({
      sessionIdle: 8 * 3600,
      sessionMax: 7 * 86_400,
      returnToOrigins: [],
      keyLease: null,
      signUp: 'open',
      invitationTtl: 7 * 86_400,
      deniedEmails: [],
      allowlistInterval: 60,
      allowlistStaleMax: 3600,
      admitsAnybody: false,
    })
    for (const name of ['cookieDomain', 'adminContact', 'allowlistUrl', 'allowlistToken'] as const)
      expect(config[name]).toBeUndefined()
  })

  test.each([
    [
      'SESSION_IDLE',
      ['1m', '8h', '30d', '400d'],
      ['0', '0s', '59s', '-1h', '401d', '8', 'never', '1w', '8 h'],
    ],
    ['SESSION_MAX', ['1m', '7d', '400d', '9600h'], ['1s', '401d', '9601h', '0d', 'off', 'never', '7']],
    ['KEY_LEASE', ['off', '30d', '1h'], ['0', '30', 'never', 'Off', '-1d', '1w']],
    ['SIGN_UP', ['open', 'invited'], ['Open', 'closed', 'true', 'invite']],
    ['INVITATION_TTL', ['1h', '90d'], ['91d', '0', 'never']],
    [
      'ADMIN_CONTACT',
      ['it@corp.com', 'Ask at the desk, room 12', 'https://help.corp.com'],
      ['a\nb', 'x'.repeat(201)],
    ],
    [
      'ALLOWLIST_URL',
      [listUrl, 'https://lists.corp.com:8443/a?b=c', 'http://localhost:9/x', 'http://127.0.0.1/x'],
      [
        'http://lists.corp.com/',
        'lists.corp.com',
        'https://u:p@lists.corp.com/',
        'https://l.corp.com/#a',
        'file:/x',
      ],
    ],
    ['ALLOWLIST_INTERVAL', ['1s', '30m'], ['61m', '2h', '0', '60']],
    ['ALLOWLIST_STALE_MAX', ['2m', '30d'], ['119s', '31d', '0', 'never']],
    [
      'DENIED_EMAILS',
      ['mallory@corp.com', 'google:Mallory@Corp.com, *:eve@x.test', 'eve@münchen.de'],
      ['corp.com', '*@corp.com', 'a@b@c.com', 'mаllory@corp.com', 'mallory@corp.com eve@corp.com'],
    ],
  ])('%s takes its good values and names itself for each bad one', (name, good, bad) => {
    for (const value of good) expect(problemsOf({ [name]: value }), value).toEqual([])
    for (const value of bad) {
      const problems = problemsOf({ [name]: value })
      expect(problems.length, value).toBeGreaterThan(0)
      for (const problem of problems) expect(problem, value).toMatch(new RegExp(`^${name}: .{10,}`))
    }
  })

  test('an ALLOWLIST_TOKEN goes with ALLOWLIST_URL, is printable, and is never repeated', () => {
    const settings = { ALLOWLIST_URL: listUrl, ALLOWLIST_TOKEN: 'any-secret_that+was.made~elsewhere' }
    expect(readConfig({ ...required, ...settings }).allowlistToken).toBe(settings.ALLOWLIST_TOKEN)
    for (const token of ['two words', 'with\nline', 'ключ-ключ', 'x'.repeat(2001)]) {
      const problems = problemsOf({ ...settings, ALLOWLIST_TOKEN: token })
      expect(problems).toEqual([expect.stringMatching(/^ALLOWLIST_TOKEN: /)])
      expect(problems.join()).not.toContain(token)
    }
  })
})

describe('COOKIE_DOMAIN', () => {
  test.each([
    ['corp.com', 'corp.com'],
    ['.corp.com', 'corp.com'],
    ['CORP.com', 'corp.com'],
    ['keys.corp.com', 'keys.corp.com'],
  ])('%s is taken, as %s', (text, domain) => {
    expect(readConfig({ ...required, COOKIE_DOMAIN: text }).cookieDomain).toBe(domain)
  })

  test.each([
    ['https://keys.corp.com', 'com'],
    ['https://keys.corp.co.uk', 'co.uk'],
    ['https://keys.corp.co.uk', '.co.uk'],
    ['https://corp.github.io', 'github.io'],
    ['https://keys.corp.kawasaki.jp', 'corp.kawasaki.jp'],
    ['https://keys.pages.dev', 'pages.dev'],
    ['https://keys.herokuapp.com', 'herokuapp.com'],
    ['https://keys.xn--55qx5d.cn', 'xn--55qx5d.cn'],
    ['https://keys.test', 'test'],
  ])('at %s, %s is refused: it is a public suffix', (authBaseUrl, text) => {
    const problems = problemsOf({ AUTH_BASE_URL: authBaseUrl, COOKIE_DOMAIN: text })
    expect(problems).toEqual([expect.stringMatching(/^COOKIE_DOMAIN: .{10,}/)])
  })

  test.each([
    'other.com',
    'evilcorp.com',
    'orp.com',
    'app.corp.com',
    'x.keys.corp.com',
    'keys.corp.com.evil.test',
  ])('%s is refused: the host of AUTH_BASE_URL is not in it', (text) => {
    expect(problemsOf({ COOKIE_DOMAIN: text })).toEqual([
      expect.stringMatching(/^COOKIE_DOMAIN: .*keys\.corp\.com/),
    ])
  })

  test.each([
    '..corp.com',
    'corp.com.',
    '.',
    'https://corp.com',
    'corp.com/x',
    'corp.com:443',
    '*.corp.com',
    'corp.com, x.com',
    'corp.com; Secure',
    'cörp .com',
    '127.0.0.1',
    '[::1]',
    'localhost',
    'u@corp.com',
    'corp..com',
    '-corp.com',
  ])('%s is no domain', (text) => {
    expect(problemsOf({ COOKIE_DOMAIN: text })).toEqual([expect.stringMatching(/^COOKIE_DOMAIN: .{10,}/)])
  })

  test('is compared as ASCII, whichever way the two are written', () => {
    for (const text of ['münchen.de', 'MÜNCHEN.de', 'xn--mnchen-3ya.de'])
      expect(
        readConfig({ ...required, AUTH_BASE_URL: 'https://keys.münchen.de', COOKIE_DOMAIN: text })
          .cookieDomain,
      ).toBe('xn--mnchen-3ya.de')
  })
})

describe('RETURN_TO_ORIGINS', () => {
  test('takes exact origins and wildcards below a domain of one’s own', () => {
    const { returnToOrigins } = readConfig({
      ...required,
      RETURN_TO_ORIGINS: ' https://app.corp.com, https://*.apps.corp.com:8443 ,, HTTPS://Tools.Corp.com:443',
    })
    expect(returnToOrigins).toEqual([
      { protocol: 'https:', hostname: 'app.corp.com', port: '', isWildcard: false },
      { protocol: 'https:', hostname: 'apps.corp.com', port: '8443', isWildcard: true },
      { protocol: 'https:', hostname: 'tools.corp.com', port: '', isWildcard: false },
    ])
  })

  test('takes http on loopback only where AUTH_BASE_URL is on loopback itself', () => {
    const local = { RETURN_TO_ORIGINS: 'http://localhost:5173' }
    const desk = { ...required, AUTH_BASE_URL: 'http://localhost:3000' }
    expect(readConfig({ ...desk, ...local }).returnToOrigins).toMatchObject([{ hostname: 'localhost' }])
    expect(() => readConfig({ ...required, AUTH_BASE_URL: 'https://keys.corp.com', ...local })).toThrow()
  })

  test.each([
    ['a path', 'https://app.corp.com/x'],
    ['a slash at the end', 'https://app.corp.com/'],
    ['a query', 'https://app.corp.com?x'],
    ['a fragment', 'https://app.corp.com#x'],
    ['a user', 'https://u@app.corp.com'],
    ['a user and a password', 'https://u:p@app.corp.com'],
    ['http', 'http://app.corp.com'],
    ['http below a wildcard', 'http://*.corp.com'],
    ['another scheme', 'ftp://app.corp.com'],
    ['a script', 'javascript:alert(1)'],
    ['no scheme', 'app.corp.com'],
    ['a wildcard for everything', '*'],
    ['a wildcard for every host', 'https://*'],
    ['a wildcard below com', 'https://*.com'],
    ['a wildcard below co.uk', 'https://*.co.uk'],
    ['a wildcard below github.io', 'https://*.github.io'],
    ['a wildcard below kawasaki.jp', 'https://*.kawasaki.jp'],
    ['a wildcard below pages.dev', 'https://*.PAGES.dev'],
    ['a wildcard below an unknown suffix', 'https://*.internal'],
    ['a wildcard in the middle', 'https://a.*.corp.com'],
    ['a wildcard as a part of a name', 'https://app*.corp.com'],
    ['two wildcards', 'https://*.*.corp.com'],
    ['a wildcard below an address', 'https://*.10.0.0.1'],
    ['a port that is none', 'https://app.corp.com:99999'],
    ['an empty port', 'https://app.corp.com:'],
    ['a port in words', 'https://app.corp.com:https'],
    ['a wildcard port', 'https://app.corp.com:*'],
    ['a dot at the end', 'https://app.corp.com.'],
    ['a space', 'https://app corp.com'],
    ['two in one', 'https://app.corp.com https://x.com'],
    ['a letter outside of ASCII', 'https://аpp.corp.com'],
    ['a percent sign', 'https://app%2ecorp.com'],
    ['a backslash', 'https://app.corp.com\\x'],
  ])('refuses %s, and names it', (_, text) => {
    const problems = problemsOf({ RETURN_TO_ORIGINS: `https://good.corp.com,${text}` })
    expect(problems).toEqual([expect.stringMatching(/^RETURN_TO_ORIGINS: "/)])
    expect(problems.join()).toContain(text)
  })
})

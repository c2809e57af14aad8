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

describe('settings that contradict one another are refused:', () => {
  test.each([
    ['a token without the list', { ALLOWLIST_TOKEN: 'Rk3vW9qLmX2pZt7bNc5y' }, 'ALLOWLIST_TOKEN'],
    [
      'a list that is stale before it is asked for again',
      { ALLOWLIST_URL: listUrl, ALLOWLIST_INTERVAL: '10m', ALLOWLIST_STALE_MAX: '5m' },
      'ALLOWLIST_STALE_MAX',
    ],
    [
      'open to anybody and by invitation',
      { DANGEROUSLY_ALLOW_ANY_ACCOUNT: 'true', SIGN_UP: 'invited' },
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT',
    ],
    [
      'open to anybody and by a list',
      { DANGEROUSLY_ALLOW_ANY_ACCOUNT: 'true', ALLOWLIST_URL: listUrl },
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT',
    ],
    ['a domain of a provider that is none', { ALLOWED_DOMAINS: 'okta:corp.com' }, 'ALLOWED_DOMAINS'],
    ['an address of a provider that is none', { ALLOWED_EMAILS: 'okta:a@corp.com' }, 'ALLOWED_EMAILS'],
    ['an admin of a provider that is none', { ADMIN_EMAILS: 'okta:a@corp.com' }, 'ADMIN_EMAILS'],
    ['a denial at a provider that is none', { DENIED_EMAILS: 'okta:a@corp.com' }, 'DENIED_EMAILS'],
  ])('%s', (_, settings, name) => {
    expect(problemsOf(settings)).toEqual([expect.stringMatching(new RegExp(`^${name}: .{10,}`))])
  })

  test('an allow rule for every provider, which would let any of them assert any address', () => {
    for (const [name, value] of [
      ['ALLOWED_DOMAINS', '*:corp.com'],
      ['ALLOWED_EMAILS', '*:a@corp.com'],
      ['ADMIN_EMAILS', '*:a@corp.com'],
    ] as const)
      expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: `))])
  })
})

describe('who may come in where no rule is set', () => {
  const loopback = { AUTH_BASE_URL: 'http://localhost:3000' }
  test.each([
    ['in public', {}, false],
    ['in public, with the dangerous setting', { DANGEROUSLY_ALLOW_ANY_ACCOUNT: 'true' }, true],
    ['on loopback', loopback, true],
    ['on loopback, by invitation', { ...loopback, SIGN_UP: 'invited' }, false],
    ['on loopback, by a list', { ...loopback, ALLOWLIST_URL: listUrl }, false],
  ])('%s: anybody, %o, is %s', (_, settings, expected) => {
    expect(readConfig({ ...required, ...settings }).admitsAnybody).toBe(expected)
  })

  test('a rule of the settings names its provider: google by default, every one for a denial', () => {
    const config = readConfig({
      ...required,
      PROVIDER_MY_OKTA_ISSUER: 'https://corp.okta.com',
      PROVIDER_MY_OKTA_CLIENT_ID: 'keydesk',
      PROVIDER_MY_OKTA_CLIENT_SECRET: 'w7Kq2ZrT9mXb4NcV',
      ALLOWED_DOMAINS: 'Corp.com, my-okta:corp.com',
      ADMIN_EMAILS: 'my-okta: Ada@Corp.com',
      DENIED_EMAILS: 'Eve@corp.com,google:mallory@corp.com',
    })
    expect(config.allowedDomains).toEqual([
      { kind: 'allow_domain', provider: 'google', value: 'corp.com' },
      { kind: 'allow_domain', provider: 'my-okta', value: 'corp.com' },
    ])
    expect(config.adminEmails).toEqual([{ kind: 'allow_email', provider: 'my-okta', value: 'ada@corp.com' }])
    expect(config.deniedEmails).toEqual([
      { kind: 'deny_email', provider: '*', value: 'eve@corp.com' },
      { kind: 'deny_email', provider: 'google', value: 'mallory@corp.com' },
    ])
  })
})

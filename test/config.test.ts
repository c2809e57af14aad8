import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig, SettingsError, settingNames } from '../src/config.ts'

const masterKey = '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8'
const required = { AUTH_BASE_URL: 'https://keys.corp.com', PROXY_MASTER_KEY: masterKey }

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

describe('the settings', () => {
  test('have the documented defaults', () => {
    expect(readConfig(required)).toMatchObject({
      port: 3000,
      host: '0.0.0.0',
      databaseUrl: 'file:./data/keydesk.db',
      googleClientId: '',
      googleIssuer: 'https://accounts.google.com',
      allowedDomains: [],
      allowedEmails: [],
      adminEmails: [],
      dangerouslyAllowAnyAccount: false,
      apiKeyPrefix: 'kd',
      ssoKeyTtl: null,
      ssoKeyScopes: [],
      ssoKeysMax: 20,
      stateTtl: 600,
      providerTimeout: 10,
      argon2MemoryKib: 19_456,
      argon2TimeCost: 2,
      argon2Parallelism: 1,
      logLevel: 'info',
      isLoopback: false,
    })
  })

  test('an empty value is the same as none', () => {
    const empty = Object.fromEntries(settingNames.map((name) => [name, '']))
    expect(readConfig({ ...empty, ...required })).toEqual(readConfig(required))
  })

  test.each([
    ['PORT', ['0', '1', '65535'], ['-1', '65536', '3000.5', 'http', '0x50', '3e3', ' 80']],
    ['API_KEY_PREFIX', ['ab', 'abcdefghij'], ['a', 'abcdefghijk', 'KD', 'k1', 'k_d', 'kd ']],
    [
      'SSO_KEY_TTL',
      ['never', '1s', '30d', '36500d'],
      ['0', '0d', '-1d', '30', 'Never', '36501d', 'forever', '1w'],
    ],
    ['SSO_KEY_SCOPES', ['a', 'a,b', ' a , b ', 'a,,b'], ['A', 'a b', '*', 'keydesk:admin', 'a,keydesk:x']],
    ['SSO_KEYS_MAX', ['1', '1000'], ['0', '1001', '-1', 'many']],
    ['STATE_TTL', ['1s', '10m', '1h', '60m'], ['0s', '61m', '3601s', '2h', '1d', '600', 'never']],
    ['PROVIDER_TIMEOUT', ['1s', '30s'], ['31s', '1m', '0s', '10']],
    ['ARGON2_MEMORY_KIB', ['8', '19456', '4194304'], ['7', '4194305', '19 MiB', '-8']],
    ['ARGON2_TIME_COST', ['1', '100'], ['0', '101', '1.5']],
    ['ARGON2_PARALLELISM', ['1', '255'], ['0', '256']],
    ['LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], ['INFO', 'verbose', '30']],
    ['DANGEROUSLY_ALLOW_ANY_ACCOUNT', ['true', 'false'], ['TRUE', 'yes', '1', 'on']],
    [
      'ALLOWED_DOMAINS',
      ['corp.com', 'Corp.com,x.test', 'xn--mnchen-3ya.de', 'münchen.de', 'google:corp.com'],
      [
        'corp',
        '*.corp.com',
        '@corp.com',
        'ada@corp.com',
        '*:corp.com',
        'corp.com/x',
        '.corp.com',
        'corp.com.',
        'a b.com',
      ],
    ],
    [
      'ALLOWED_EMAILS',
      ['ada@corp.com', 'Ada@Corp.com, b@x.test'],
      ['corp.com', 'a@b@c.com', 'аda@corp.com', 'ada@corp.com x@y.test'],
    ],
    ['ADMIN_EMAILS', ['ada@corp.com'], ['ada']],
    [
      'TRUSTED_PROXIES',
      ['10.0.0.0/8', '::1', '10.0.0.1, fd00::/8'],
      ['localhost', '10.0.0.0/33', '10.0.0', '*', 'any', '10/8'],
    ],
    [
      'GOOGLE_ISSUER',
      [
        'https://idp.test',
        'https://idp.test/tenant',
        'http://localhost:9',
        'http://127.0.0.1:9',
        'http://[::1]:9',
      ],
      [
        'http://idp.test',
        'idp.test',
        'https://idp.test/?a=b',
        'https://idp.test/#a',
        'https://u:p@idp.test',
        'ftp://idp.test',
      ],
    ],
    [
      'AUTH_BASE_URL',
      [
        'https://keys.corp.com',
        'https://keys.corp.com/',
        'https://keys.corp.com:8443',
        'http://localhost:3000',
        'http://127.0.0.1:3000/',
        'http://[::1]:3000',
      ],
      [
        'http://keys.corp.com',
        'keys.corp.com',
        'https://keys.corp.com/path',
        'https://keys.corp.com//',
        'https://keys.corp.com/?',
        'https://keys.corp.com/?a=b',
        'https://keys.corp.com/#',
        'https://u:p@keys.corp.com',
        'http://localhost.evil.test',
        'http://127.0.0.1.evil.test',
        'javascript:alert(1)',
        'ws://keys.corp.com',
      ],
    ],
    [
      'DATABASE_URL',
      [
        'file:./data/keydesk.db',
        'file:/var/lib/keydesk.db',
        'file:///var/lib/keydesk.db',
        'postgres://db.corp.com/keys',
      ],
      [
        'file:',
        'keydesk.db',
        'postgres://localhost',
        'postgres:keydesk',
        'mysql://localhost',
        './keydesk.db',
      ],
    ],
  ])('%s takes its good values and names itself for each bad one', (name, good, bad) => {
    for (const value of good) expect(problemsOf({ [name]: value }), value).toEqual([])
    for (const value of bad) {
      const problems = problemsOf({ [name]: value })
      expect(problems.length, value).toBeGreaterThan(0)
      for (const problem of problems) expect(problem).toMatch(new RegExp(`^${name}: .{10,}`))
    }
  })

  test('an address with a wildcard is refused: it would match nobody, and its author would not notice', () => {
    for (const name of ['ALLOWED_EMAILS', 'ADMIN_EMAILS']) {
      expect(problemsOf({ [name]: '*@corp.com' }).join()).toContain(`${name}: `)
    }
  })

  test('lists are trimmed, lower-cased, in ASCII, and free of empty items', () => {
    const config = readConfig({
      ...required,
      ALLOWED_DOMAINS: ' Corp.COM , labs.test,, München.DE, ',
      ALLOWED_EMAILS: 'Grace@Partner.test',
    })
    const [domain, email] = (['allow_domain', 'allow_email'] as const).map((kind) => ({
      kind,
      provider: 'google',
    }))
    expect(config.allowedDomains).toEqual([
      { ...domain, value: 'corp.com' },
      { ...domain, value: 'labs.test' },
      { ...domain, value: 'xn--mnchen-3ya.de' },
    ])
    expect(config.allowedEmails).toEqual([{ ...email, value: 'grace@partner.test' }])
  })

  test.each([
    ['https://keys.corp.com/', 'https://keys.corp.com', false],
    ['https://KEYS.corp.com:443', 'https://keys.corp.com', false],
    ['http://localhost:3000/', 'http://localhost:3000', true],
    ['http://[::1]:3000', 'http://[::1]:3000', true],
    ['https://localhost.corp.com', 'https://localhost.corp.com', false],
  ])('AUTH_BASE_URL %s becomes %s, on loopback: %s', (url, authBaseUrl, isLoopback) => {
    expect(readConfig({ ...required, AUTH_BASE_URL: url })).toMatchObject({ authBaseUrl, isLoopback })
  })
})

describe('all problems are reported in one list', () => {
  test('what is missing is named with the fix', () => {
    const problems = problemsOf({ AUTH_BASE_URL: '', PROXY_MASTER_KEY: '' })
    expect(problems).toHaveLength(2)
    expect(problems.join('\n')).toMatch(/AUTH_BASE_URL: is required.*https:\/\//)
    expect(problems.join('\n')).toMatch(/PROXY_MASTER_KEY: is required.*openssl rand -hex 32/)
  })

  test('every wrong setting is in it', () => {
    const wrong = {
      PORT: 'x',
      LOG_LEVEL: 'x',
      STATE_TTL: 'x',
      ALLOWED_DOMAINS: '*',
      AUTH_BASE_URL: 'x',
      API_KEY_PREFIX: 'X',
    }
    const named = problemsOf(wrong).map((problem) => problem.split(':')[0])
    expect(new Set(named)).toEqual(new Set(Object.keys(wrong)))
  })

  test('contradictions are in it together with wrong values', () => {
    const problems = problemsOf({ PORT: 'x', GOOGLE_CLIENT_ID: 'id' }).join('\n')
    expect(problems).toContain('PORT:')
    expect(problems).toContain('GOOGLE_CLIENT_SECRET:')
  })

  test('no problem and no message repeats a secret', () => {
    const secret = 'hunter2hunter2'
    const settings = { ...required, PROXY_MASTER_KEY: secret, PROXY_MASTER_KEY_PREVIOUS: `${secret} x` }
    try {
      readConfig(settings)
      expect.unreachable()
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain(secret)
      if (error instanceof SettingsError) expect(error.problems.join()).not.toContain(secret)
    }
  })

  test.each([
    ['an id without a secret', { GOOGLE_CLIENT_ID: 'id' }, 'GOOGLE_CLIENT_SECRET'],
    [
      'a sample client secret',
      { GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'your-client-secret' },
      'GOOGLE_CLIENT_SECRET',
    ],
    [
      'the previous master key is the present one',
      { PROXY_MASTER_KEY_PREVIOUS: masterKey },
      'PROXY_MASTER_KEY_PREVIOUS',
    ],
    [
      'too little memory for the lanes',
      { ARGON2_MEMORY_KIB: '15', ARGON2_PARALLELISM: '2' },
      'ARGON2_MEMORY_KIB',
    ],
    [
      'open to anybody and to a domain',
      { DANGEROUSLY_ALLOW_ANY_ACCOUNT: 'true', ALLOWED_DOMAINS: 'corp.com' },
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT',
    ],
    [
      'open to anybody and to an address',
      { DANGEROUSLY_ALLOW_ANY_ACCOUNT: 'true', ALLOWED_EMAILS: 'a@corp.com' },
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT',
    ],
  ])('a contradiction is refused: %s', (_, settings, name) => {
    expect(problemsOf(settings)).toEqual([expect.stringMatching(new RegExp(`^${name}: .{10,}`))])
  })
})

describe('secrets', () => {
  test.each([
    ['short', 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d'],
    ['one character', 'a'.repeat(64)],
    ['few characters', 'abcdefg'.repeat(6)],
    ['a sample', 'change-me-change-me-change-me-0123456789'],
    ['CHANGEME in capitals', 'CHANGEME0123456789CHANGEME0123456789'],
    ['a placeholder', '<paste the output of openssl rand -hex 32 here>'],
    ['your-', 'your-master-key-goes-here-0123456789abcdef'],
    ['password', 'password0123456789password0123456789'],
    ['with a space', `${masterKey.slice(0, 20)} ${masterKey.slice(20)}`],
    ['outside of ASCII', `${masterKey}é`],
  ])('a master key that is %s is refused', (_, value) => {
    for (const name of ['PROXY_MASTER_KEY', 'PROXY_MASTER_KEY_PREVIOUS']) {
      expect(problemsOf({ [name]: value }).join()).toContain(`${name}: `)
    }
  })

  test('a master key of 32 characters is taken', () => {
    expect(problemsOf({ PROXY_MASTER_KEY: masterKey.slice(0, 32) })).toEqual([])
  })

  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keydesk-config-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const fileOf = (content: string) => {
    const file = join(folder, `secret-${Math.random()}`)
    writeFileSync(file, content)
    return file
  }

  test.each(['PROXY_MASTER_KEY', 'PROXY_MASTER_KEY_PREVIOUS', 'GOOGLE_CLIENT_SECRET', 'DATABASE_URL'])(
    '%s may come from a file, whose last line end is dropped',
    (name) => {
      const value = name === 'DATABASE_URL' ? 'file:/srv/keydesk.db' : '77aa0c5e1b9d4f3286e0d1c4b5a69788'
      const config = readConfig({ ...required, [name]: '', [`${name}_FILE`]: fileOf(`${value}\n`) })
      expect(Object.values(config)).toContain(value)
    },
  )

  test('a secret from a file is judged like any other', () => {
    expect(problemsOf({ PROXY_MASTER_KEY: '', PROXY_MASTER_KEY_FILE: fileOf('short') }).join()).toMatch(
      /^PROXY_MASTER_KEY: /,
    )
    expect(problemsOf({ PROXY_MASTER_KEY: '', PROXY_MASTER_KEY_FILE: fileOf('') }).join()).toMatch(
      /^PROXY_MASTER_KEY: /,
    )
  })

  test('a file that cannot be read, and a secret set twice, are refused by name', () => {
    const missing = problemsOf({ PROXY_MASTER_KEY: '', PROXY_MASTER_KEY_FILE: join(folder, 'missing') })
    expect(missing.join('\n')).toMatch(/^PROXY_MASTER_KEY_FILE: the file cannot be read/)
    const twice = problemsOf({ PROXY_MASTER_KEY_FILE: fileOf(masterKey) })
    expect(twice.join('\n')).toMatch(/PROXY_MASTER_KEY: set both directly and by PROXY_MASTER_KEY_FILE/)
  })
})

import { describe, expect, test } from 'vitest'
import { chartSecrets, existing, minimal, sqlite } from '../support/chart-values.ts'
import { describeWithHelmChart, type Values } from '../support/helm-chart.ts'

const without = (name: string): Values => ({ secrets: { ...minimal.secrets, [name]: '' } })
const withSecret = (name: string, value: string): Values => ({
  secrets: { ...minimal.secrets, [name]: value },
})
const withConfig = (name: string, value: unknown): Values => ({ ...minimal, config: { [name]: value } })

describeWithHelmChart('the Helm chart refuses, by name and with the fix,', (render) => {
  const refused: [string, Values, RegExp][] = [
    ['nothing set', {}, /secrets\.masterKey: is required/],
    ['two replicas on a file', { ...sqlite, replicaCount: 2 }, /replicaCount: is 2, and .* SQLite file/],
    ['a file outside the volume', withSqlite('file:./keydesk.db'), /must be below \/data/],
    ['no master key', without('masterKey'), /secrets\.masterKey: is required; make one with/],
    ['a short master key', withSecret('masterKey', 'k'.repeat(31)), /at least 32 characters/],
    ['a short former one', withSecret('masterKeyPrevious', 'short'), /masterKeyPrevious: .*32 characters/],
    ['no URL', without('authBaseUrl'), /secrets\.authBaseUrl: is required/],
    ['no database', without('databaseUrl'), /secrets\.databaseUrl: is required/],
    ['an id without its secret', without('googleClientSecret'), /googleClientSecret: is required when/],
    [
      'another database',
      withSecret('databaseUrl', 'mysql://db/keydesk'),
      /secrets\.databaseUrl: Does not match/,
    ],
    [
      'a URL with a path',
      withSecret('authBaseUrl', 'https://a.test/b'),
      /secrets\.authBaseUrl: Does not match/,
    ],
    ['both kinds of Secret', { ...existing, ...minimal }, /secrets\.masterKey: existingSecret is set/],
    [
      'a URL of the database beside existingSecret',
      { ...existing, secrets: { databaseUrl: chartSecrets.databaseUrl } },
      /secrets\.databaseUrl: existingSecret is set/,
    ],
    [
      'an existing Secret without a database',
      { ...existing, existingSecretKeys: { databaseUrl: '' } },
      /existingSecretKeys\.databaseUrl: is required/,
    ],
    [
      'an Ingress that knows no host',
      { ...existing, ingress: { enabled: true } },
      /ingress\.host: is required/,
    ],
    ['a secret in config', withConfig('PROXY_MASTER_KEY', 'x'), /PROXY_MASTER_KEY: belongs into secrets/],
    ['the file of one', withConfig('DATABASE_URL_FILE', '/x'), /DATABASE_URL_FILE: belongs into secrets/],
    [
      'the secret of a provider in config',
      withConfig('PROVIDER_ENTRA_CLIENT_SECRET', 'x'),
      /PROVIDER_ENTRA_CLIENT_SECRET: belongs into secrets\.providerClientSecrets/,
    ],
    [
      'the file of one of a provider',
      withConfig('PROVIDER_ENTRA_CLIENT_SECRET_FILE', '/x'),
      /CLIENT_SECRET_FILE: belongs into secrets\.providerClientSecrets/,
    ],
    [
      'a misspelt setting of a provider',
      withConfig('PROVIDER_ENTRA_ISSUR', 'x'),
      /PROVIDER_ENTRA_ISSUR: is not a setting/,
    ],
    [
      'a provider whose id is no part of a name',
      { secrets: { ...minimal.secrets, providerClientSecrets: { 'acme-sso': 'x' } } },
      /providerClientSecrets: Property name of "acme-sso"/,
    ],
    [
      'the secret of a provider beside existingSecret',
      { ...existing, secrets: { providerClientSecrets: { ENTRA: 'x' } } },
      /secrets\.providerClientSecrets: existingSecret is set/,
    ],
    ['a setting of the chart', withConfig('PORT', '80'), /config\.PORT: use service\.port/],
    ['a misspelt setting', withConfig('ALLOWED_DOMAIN', 'acme.test'), /ALLOWED_DOMAIN: is not a setting/],
    [
      'a list as a setting',
      withConfig('ALLOWED_DOMAINS', ['acme.test']),
      /config\.ALLOWED_DOMAINS: Invalid type/,
    ],
    ['a misspelt value', { ...minimal, replicas: 2 }, /Additional property replicas is not allowed/],
    ['a misspelt secret', { secrets: { ...minimal.secrets, masterkey: 'x' } }, /masterkey is not allowed/],
    ['no replica', { ...minimal, replicaCount: 0 }, /replicaCount: Must be greater than or equal to 1/],
    [
      'a monitor of nothing',
      { ...minimal, metrics: { serviceMonitor: { enabled: true } } },
      /needs metrics\.enabled/,
    ],
  ]

  test.each(refused)('%s', (_, values, message) => {
    expect(() => render(values)).toThrow(message)
  })

  test('and tells no secret with it', () => {
    for (const [, values] of refused) {
      const said = refusalOf(values)
      for (const secret of Object.values(chartSecrets)) expect(said).not.toContain(secret)
    }
  })

  describe('but takes', () => {
    const taken: [string, Values][] = [
      ['one replica on a file', sqlite],
      ['a file beside existingSecret', { ...existing, ...withSqlite('file:/data/keydesk.db', {}) }],
      ['no sign-in', { secrets: { ...minimal.secrets, googleClientId: '', googleClientSecret: '' } }],
      ['one replica on Postgres', { ...minimal, replicaCount: 1 }],
    ]
    test.each(taken)('%s', (_, values) => {
      expect(render(values).one('Deployment').spec.replicas).toBe(values.replicaCount ?? 2)
    })
  })

  function refusalOf(values: Values): string {
    try {
      render(values)
    } catch (error) {
      return String(error)
    }
    throw new Error('was not refused')
  }
})

function withSqlite(databaseUrl: string, others: object = minimal.secrets): Values {
  return { replicaCount: 1, secrets: { ...others, databaseUrl } }
}

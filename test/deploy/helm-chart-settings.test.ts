import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { chartSecrets, everything, existing, minimal, sqlite } from '../support/chart-values.ts'
import { describeWithHelmChart, type RenderedChart } from '../support/helm-chart.ts'

const accessSecrets = {
  allowlistToken: 'k3Hn6Zr5Wb2Lx7Vt0',
  providerClientSecrets: { ACME_SSO: 'Vt0Ky3Hn6q8Zr5Wb2Lx7' },
}
const accessConfig = {
  ALLOWLIST_URL: 'https://hr.acme.test/keydesk.json',
  PROVIDER_ACME_SSO_LABEL: 'Acme',
  PROVIDER_ACME_SSO_ISSUER: 'https://sso.acme.test/',
  PROVIDER_ACME_SSO_CLIENT_ID: 'desk',
  PROVIDER_ACME_SSO_TRUST_EMAIL: true,
}
const root = new URL('../../', import.meta.url)

describeWithHelmChart('Keydesk takes the settings of a pod of the Helm chart', (render) => {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-pod-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const configOf = (rendered: RenderedChart, secret = rendered.one('Secret').stringData) =>
    readConfig(environmentOf(rendered, secret, folder))

  test('with Postgres, where the file that the image sets does not count', () => {
    expect(configOf(render(minimal))).toMatchObject({
      port: 3000,
      authBaseUrl: 'https://keys.acme.test',
      proxyMasterKey: chartSecrets.masterKey,
      databaseUrl: chartSecrets.databaseUrl,
      googleClientId: 'desk.apps.test',
      googleClientSecret: chartSecrets.googleClientSecret,
      shutdownDelay: 10,
      argon2Concurrency: 2,
      metricsPort: undefined,
    })
  })

  test('with everything set, large numbers too', () => {
    expect(configOf(render(everything))).toMatchObject({
      proxyMasterKeyPrevious: everything.secrets.masterKeyPrevious,
      databaseListenUrl: everything.secrets.databaseListenUrl,
      metricsToken: everything.secrets.metricsToken,
      metricsPort: 9464,
      verifiedKeysMax: 1_000_000,
      adminEmails: [{ kind: 'allow_email', provider: 'google', value: 'ada@acme.test' }],
    })
  })

  test('with another provider beside Google, and an external list', () => {
    const secrets = { ...minimal.secrets, ...accessSecrets }
    const { allowlistToken, providers } = configOf(render({ ...minimal, secrets, config: accessConfig }))
    expect(allowlistToken).toBe(accessSecrets.allowlistToken)
    expect(providers.map(({ id }) => id)).toEqual(['google', 'acme-sso'])
    expect(providers[1]).toMatchObject({
      label: 'Acme',
      issuer: 'https://sso.acme.test/',
      clientId: 'desk',
      clientSecret: accessSecrets.providerClientSecrets.ACME_SSO,
      trustsEmail: true,
    })
  })

  test('with another provider and no Google, whose secrets are in existingSecret', () => {
    const secret = {
      AUTH_BASE_URL: 'https://keys.acme.test',
      PROXY_MASTER_KEY: chartSecrets.masterKey,
      DATABASE_URL: chartSecrets.databaseUrl,
      sso: accessSecrets.providerClientSecrets.ACME_SSO,
      list: accessSecrets.allowlistToken,
    }
    const existingSecretKeys = {
      googleClientId: '',
      googleClientSecret: '',
      allowlistToken: 'list',
      providerClientSecrets: { ACME_SSO: 'sso' },
    }
    const rendered = render({ ...existing, existingSecretKeys, config: accessConfig })
    const { allowlistToken, providers } = configOf(rendered, secret)
    expect(allowlistToken).toBe(accessSecrets.allowlistToken)
    expect(providers).toMatchObject([{ id: 'acme-sso', clientSecret: secret.sso }])
  })

  test('with a SQLite file, and without a delay', () => {
    expect(configOf(render({ ...sqlite, shutdownDelaySeconds: 0 }))).toMatchObject({
      databaseUrl: 'file:/data/keydesk.db',
      shutdownDelay: 0,
    })
  })

  test('with existingSecret, whose keys have names of their own', () => {
    const secret = {
      url: 'https://keys.acme.test',
      root: chartSecrets.masterKey,
      uri: chartSecrets.databaseUrl,
    }
    const existingSecretKeys = {
      authBaseUrl: 'url',
      masterKey: 'root',
      databaseUrl: 'uri',
      googleClientId: '',
      googleClientSecret: '',
    }
    expect(configOf(render({ ...existing, existingSecretKeys }), secret)).toMatchObject({
      authBaseUrl: 'https://keys.acme.test',
      proxyMasterKey: chartSecrets.masterKey,
      databaseUrl: chartSecrets.databaseUrl,
      googleClientId: '',
    })
  })
})

/** What a process in the container finds: the image's variables, the ConfigMap's, the container's own; and files. */
function environmentOf(rendered: RenderedChart, secret: Record<string, string>, folder: string) {
  const { containers, volumes } = rendered.one('Deployment').spec.template.spec
  const environment: Record<string, string> = { ...imageVariables(), ...rendered.one('ConfigMap').data }
  for (const { name, value, valueFrom } of containers[0].env)
    environment[name] = value ?? taken(secret, valueFrom.secretKeyRef.key)
  const volume = volumes.find(({ name }: { name: string }) => name === 'secrets')
  for (const { key, path } of volume.secret.items)
    writeFileSync(join(folder, path), `${taken(secret, key)}\n`)
  const mount = containers[0].volumeMounts.find(({ name }: { name: string }) => name === 'secrets')
  for (const [name, value] of Object.entries(environment))
    environment[name] = value.replace(mount.mountPath, folder)
  return environment
}

function taken(secret: Record<string, string>, key: string): string {
  const value = secret[key]
  if (value === undefined)
    throw new Error(`the Secret has no key ${key}, so Kubernetes would not start the pod`)
  return value
}

/** The ENV instruction of the last stage of the Dockerfile. */
function imageVariables(): Record<string, string> {
  const text = readFileSync(new URL('Dockerfile', root), 'utf8')
  const [instruction = ''] = /^ENV (?:.*\\\n)*.*$/m.exec(text) ?? []
  const pairs = [...instruction.matchAll(/([A-Z_]+)=(\S+)/g)]
  expect(pairs.length).toBeGreaterThan(0)
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]))
}

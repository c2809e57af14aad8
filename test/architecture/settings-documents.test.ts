import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readConfig, settingNames } from '../../src/config.ts'
import { providerSettingNames } from '../../src/provider-settings.ts'

describe('the documents name exactly the settings that there are', () => {
  const root = new URL('../../', import.meta.url)
  const masterKey = '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8'
  const clientSecret = 'q8Zr5Wb2Lx7Vt0Ky3Hn6'
  const schema = [...settingNames].sort()

  test('.env.example', () => {
    const text = readFileSync(new URL('.env.example', root), 'utf8')
    const named = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name)
    const providers = named.filter((name) => name?.startsWith('PROVIDER_') && !schema.includes(name))
    expect(named.filter((name) => !providers.includes(name)).sort()).toEqual(schema)
    // One sample provider shows all that there is to set of one.
    const [, id] = /^PROVIDER_(.+)_ISSUER$/m.exec(providers.join('\n')) ?? []
    expect(providers.sort()).toEqual(providerSettingNames.map((name) => `PROVIDER_${id}_${name}`).sort())
  })

  test('.env.example shows defaults and samples that are good', () => {
    const text = readFileSync(new URL('.env.example', root), 'utf8')
    const shown = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.+)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ])
    const { DANGEROUSLY_ALLOW_ANY_ACCOUNT: _, ...settings } = Object.fromEntries(shown)
    const withSecrets = {
      ...settings,
      PROXY_MASTER_KEY: masterKey,
      PROVIDER_ENTRA_CLIENT_SECRET: clientSecret,
    }
    expect(() => readConfig(withSecrets)).not.toThrow()
  })

  test('the table of the README', () => {
    const text = readFileSync(new URL('README.md', root), 'utf8')
    const named = [...text.matchAll(/^\| ((?:`[A-Z][A-Z0-9_<>]*`(?:, )?)+) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    )
    const ofProviders = providerSettingNames.map((name) => `PROVIDER_<ID>_${name}`)
    expect(named.sort()).toEqual([...schema, ...ofProviders].sort())
  })
})

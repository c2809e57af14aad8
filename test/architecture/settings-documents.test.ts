import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readConfig, settingNames } from '../../src/config.ts'

describe('the documents name exactly the settings that there are', () => {
  const root = new URL('../../', import.meta.url)
  const masterKey = '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8'
  const schema = [...settingNames].sort()

  test('.env.example', () => {
    const text = readFileSync(new URL('.env.example', root), 'utf8')
    const named = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name)
    expect(named.sort()).toEqual(schema)
  })

  test('.env.example shows defaults and samples that are good', () => {
    const text = readFileSync(new URL('.env.example', root), 'utf8')
    const shown = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.+)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ])
    const { DANGEROUSLY_ALLOW_ANY_ACCOUNT: _, ...settings } = Object.fromEntries(shown)
    expect(() => readConfig({ ...settings, PROXY_MASTER_KEY: masterKey })).not.toThrow()
  })

  test('the table of the README', () => {
    const text = readFileSync(new URL('README.md', root), 'utf8')
    const named = [...text.matchAll(/^\| ((?:`[A-Z][A-Z0-9_]*`(?:, )?)+) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    )
    expect(named.sort()).toEqual(schema)
  })
})

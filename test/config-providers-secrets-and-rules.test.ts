import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import {
  clientSecret,
  expectProblem,
  googleSettings,
  problemsOf,
  provider,
  providersOf,
  required,
} from './support/provider-config.ts'

describe('the client secret of a provider', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keydesk-providers-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const name = 'PROVIDER_ENTRA_CLIENT_SECRET'
  const inFile = (file: string, change: Record<string, string | undefined> = {}) => ({
    ...provider('ENTRA', { CLIENT_SECRET: undefined, ...change }),
    [`${name}_FILE`]: file,
  })
  const fileOf = (content: string) => {
    const file = join(folder, `secret-${Math.random()}`)
    writeFileSync(file, content)
    return file
  }

  test('may come from a file, whose last line end is dropped, and which may be all that names the provider', () => {
    expect(providersOf(inFile(fileOf(`${clientSecret}\n`)))[0]?.clientSecret).toBe(clientSecret)
    const problems = problemsOf({ [`${name}_FILE`]: fileOf(clientSecret) })
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'PROVIDER_ENTRA_ISSUER',
      'PROVIDER_ENTRA_CLIENT_ID',
    ])
  })

  test('is refused where the file cannot be read or is empty, and where it is set twice', () => {
    expect(problemsOf(inFile(join(folder, 'missing'))).join('\n')).toMatch(
      /^PROVIDER_ENTRA_CLIENT_SECRET_FILE: the file cannot be read/,
    )
    expect(problemsOf(inFile(fileOf(''))).join('\n')).toMatch(/^PROVIDER_ENTRA_CLIENT_SECRET: /)
    expect(problemsOf(inFile(fileOf(clientSecret), { CLIENT_SECRET: clientSecret })).join('\n')).toMatch(
      /PROVIDER_ENTRA_CLIENT_SECRET: set both directly and by PROVIDER_ENTRA_CLIENT_SECRET_FILE/,
    )
  })

  test('is refused where it is a sample, directly and from a file, and is not repeated', () => {
    for (const sample of ['change-me', 'CHANGEME', 'your-client-secret', '<secret>', 'replace_me']) {
      expectProblem(provider('ENTRA', { CLIENT_SECRET: sample }), name, /sample value/)
      expectProblem(inFile(fileOf(sample)), name, /sample value/)
      expect(problemsOf(provider('ENTRA', { CLIENT_SECRET: sample })).join()).not.toContain(sample)
    }
  })
})

describe('rules of the settings', () => {
  const lists = ['ALLOWED_DOMAINS', 'ALLOWED_EMAILS', 'DENIED_EMAILS', 'ADMIN_EMAILS'] as const
  const valueFor = (name: string) => (name === 'ALLOWED_DOMAINS' ? 'corp.com' : 'ada@corp.com')

  test.each(lists)('%s is refused where it names a provider that there is not', (name) => {
    for (const id of ['entra', 'key-cloak'])
      expectProblem(
        { ...googleSettings, ...provider('OKTA'), [name]: `${valueFor(name)}, ${id}:${valueFor(name)}` },
        name,
        new RegExp(`no provider has the id ${id}.*PROVIDER_${id.toUpperCase().replace('-', '_')}_ISSUER`),
      )
  })

  test('name a provider by its id, are of google where they name none, and may wait for GOOGLE_CLIENT_ID', () => {
    const settings = {
      ...provider('KEY_CLOAK'),
      ALLOWED_DOMAINS: 'Corp.com, key-cloak:Corp.com, google:labs.test',
      ALLOWED_EMAILS: 'a@x.test,key-cloak: A@x.test',
      ADMIN_EMAILS: 'key-cloak:Ada@Corp.com',
    }
    const rule = (kind: string, id: string, value: string) => ({ kind, provider: id, value })
    expect(readConfig({ ...required, ...settings })).toMatchObject({
      allowedDomains: [
        rule('allow_domain', 'google', 'corp.com'),
        rule('allow_domain', 'key-cloak', 'corp.com'),
        rule('allow_domain', 'google', 'labs.test'),
      ],
      allowedEmails: [
        rule('allow_email', 'google', 'a@x.test'),
        rule('allow_email', 'key-cloak', 'a@x.test'),
      ],
      adminEmails: [{ provider: 'key-cloak', value: 'ada@corp.com' }],
    })
  })

  test('deny at every provider where they name none, and no allow rule can say that', () => {
    const { deniedEmails } = readConfig({ ...required, DENIED_EMAILS: 'a@x.test,google:b@x.test,*:c@x.test' })
    expect(deniedEmails.map(({ provider: id }) => id)).toEqual(['*', 'google', '*'])
    for (const name of ['ALLOWED_DOMAINS', 'ALLOWED_EMAILS', 'ADMIN_EMAILS'])
      expectProblem({ [name]: `*:${valueFor(name)}` }, name, /is not/)
  })
})

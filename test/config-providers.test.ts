import { describe, expect, test } from 'vitest'
import {
  clientSecret,
  expectProblem,
  googleSettings,
  problemsOf,
  provider,
  providersOf,
} from './support/provider-config.ts'

describe('providers', () => {
  test('are none without settings, and sign-in is off then', () => {
    expect(providersOf({})).toEqual([])
    expect(providersOf({ PROVIDER_TIMEOUT: '5s', PROVIDER_ENTRA_LABEL: '' })).toEqual([])
  })

  test('are Google first and then the others by id, in whatever order the settings come', () => {
    const settings = {
      ...provider('OKTA'),
      ...provider('KEY_CLOAK'),
      ...provider('AUTH0'),
      ...googleSettings,
    }
    expect(providersOf(settings).map(({ id }) => id)).toEqual(['google', 'auth0', 'key-cloak', 'okta'])
    expect(providersOf(provider('OKTA')).map(({ id }) => id)).toEqual(['okta'])
  })

  test('have what the settings say, the id for a label, and no trust in an address', () => {
    expect(providersOf(provider('KEY_CLOAK'))).toEqual([
      {
        id: 'key-cloak',
        label: 'Key-cloak',
        issuer: 'https://key-cloak.idp.test',
        clientId: 'id',
        clientSecret,
        trustsEmail: false,
      },
    ])
    const change = { LABEL: 'Acme & Söhne', TRUST_EMAIL: 'true' }
    expect(providersOf(provider('ENTRA', change))).toMatchObject([
      { label: 'Acme & Söhne', trustsEmail: true },
    ])
    expect(providersOf(provider('ENTRA', { TRUST_EMAIL: 'false' }))[0]?.trustsEmail).toBe(false)
  })

  test('may have ids that hold the words of the settings', () => {
    const names = ['CLIENT', 'MY_CLIENT_ID', 'TIMEOUT', 'LABEL', 'A', 'X1_2']
    const settings = Object.assign({}, ...names.map((name) => provider(name)))
    expect(providersOf(settings).map(({ id }) => id)).toEqual(
      names.map((name) => name.toLowerCase().replaceAll('_', '-')).sort(),
    )
  })

  test.each(['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET'])('without %s are refused, by its name', (part) => {
    for (const missing of [undefined, ''])
      expectProblem(provider('ENTRA', { [part]: missing }), `PROVIDER_ENTRA_${part}`, /is required/)
  })

  test('with more than one thing wrong have all of it in one list, of each of them', () => {
    const problems = problemsOf({
      PROVIDER_ENTRA_LABEL: 'Microsoft',
      ...provider('OKTA', { ISSUER: 'http://okta.test', TRUST_EMAIL: 'yes' }),
      PORT: 'x',
    })
    const named = problems.map((problem) => problem.split(':')[0])
    expect(named.sort()).toEqual([
      'PORT',
      'PROVIDER_ENTRA_CLIENT_ID',
      'PROVIDER_ENTRA_CLIENT_SECRET',
      'PROVIDER_ENTRA_ISSUER',
      'PROVIDER_OKTA_ISSUER',
      'PROVIDER_OKTA_TRUST_EMAIL',
    ])
  })

  test.each([
    'PROVIDER_ENTRA_ISSUER_URL',
    'PROVIDER_ENTRA_SECRET',
    'PROVIDER_ENTRA_CLIENTID',
    'PROVIDER_ENTRA_TRUST_EMAILS',
    'PROVIDER_ENTRA_TRUST_EMAIL_FILE',
    'PROVIDER_ENTRA_LABEL_FILE',
    'PROVIDER_ENTRA_DOMAIN',
    'PROVIDER_ENTRA',
    'PROVIDER_ISSUER',
    'PROVIDER_CLIENT_SECRET',
    'PROVIDER__ISSUER',
    'PROVIDER_1_ISSUER',
    'PROVIDER_entra_ISSUER',
    'PROVIDER_TIMEOUTS',
  ])('a setting that is misspelt is refused, by its name: %s', (name) => {
    expectProblem({ ...provider('ENTRA'), [name]: 'x' }, name, /is no setting.*PROVIDER_<ID>_ISSUER/)
  })

  test('cannot take the id google, whether Google is set up or not', () => {
    for (const settings of [{}, googleSettings])
      expectProblem({ ...settings, ...provider('GOOGLE') }, 'PROVIDER_GOOGLE_ISSUER', /GOOGLE_CLIENT_ID/)
  })

  test('cannot have an id of more than 32 characters', () => {
    expect(problemsOf(provider('A'.repeat(32)))).toEqual([])
    expectProblem(provider('A'.repeat(33)), `PROVIDER_${'A'.repeat(33)}_ISSUER`, /32 characters/)
  })

  test('cannot share an issuer, with one another or with Google', () => {
    const shared = 'https://idp.test/tenant'
    const twice = { ...provider('A', { ISSUER: shared }), ...provider('B', { ISSUER: shared }) }
    expect(problemsOf(twice)).toEqual([
      expect.stringMatching(/^PROVIDER_B_ISSUER: another provider.*idp\.test\/tenant/),
    ])
    const ofGoogle = provider('A', { ISSUER: 'https://accounts.google.com' })
    expect(problemsOf(ofGoogle)).toEqual([expect.stringMatching(/^PROVIDER_A_ISSUER: is Google/)])
  })

  test.each([
    'idp.test',
    'http://idp.test',
    'https://idp.test/?a=b',
    'https://idp.test/#a',
    'https://u:p@idp.test',
    'ftp://idp.test',
    'javascript:alert(1)',
  ])('cannot have the issuer %s', (issuer) => {
    expectProblem(provider('A', { ISSUER: issuer }), 'PROVIDER_A_ISSUER', /https URL/)
  })

  test('may have an issuer with a path, a port or a slash, and one on loopback over http', () => {
    for (const issuer of ['https://idp.test/realms/a', 'https://idp.test:8443/', 'http://127.0.0.1:9'])
      expect(providersOf(provider('A', { ISSUER: issuer }))[0]?.issuer).toBe(issuer)
  })

  test('have labels of one line and 40 characters at most', () => {
    for (const label of ['x'.repeat(41), 'a\nb', 'a\u0000'])
      expectProblem(provider('A', { LABEL: label }), 'PROVIDER_A_LABEL', /40 characters/)
  })

  test('say true or false of TRUST_EMAIL, and nothing else', () => {
    for (const text of ['TRUE', 'yes', '1'])
      expectProblem(provider('A', { TRUST_EMAIL: text }), 'PROVIDER_A_TRUST_EMAIL', /true or false/)
  })
})

describe('an issuer where strangers have accounts', () => {
  const tenant = '5f0c8f5e-9a57-4c0e-8a51-0f6f3a2f7d11'
  const microsoft = 'https://login.microsoftonline.com'

  test('is refused where it names no tenant of anybody, at each of the clouds', () => {
    for (const host of [
      microsoft,
      'https://login.microsoftonline.us',
      'https://login.partner.microsoftonline.cn',
      'https://sts.windows.net',
      'https://LOGIN.microsoftonline.com',
    ]) {
      for (const path of ['common', 'organizations', 'consumers', 'Common'])
        expectProblem(
          provider('ENTRA', { ISSUER: `${host}/${path}/v2.0` }),
          'PROVIDER_ENTRA_ISSUER',
          /names no tenant.*<tenant id>/,
        )
    }
    const personal = `${microsoft}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0`
    expectProblem(provider('ENTRA', { ISSUER: personal }), 'PROVIDER_ENTRA_ISSUER', /names no tenant/)
  })

  test('is not trusted for addresses without the claim, but may sign people in with it', () => {
    for (const issuer of ['https://gitlab.com', 'https://appleid.apple.com']) {
      expectProblem(
        provider('A', { ISSUER: issuer, TRUST_EMAIL: 'true' }),
        'PROVIDER_A_TRUST_EMAIL',
        /anybody can have an account/,
      )
      expect(problemsOf(provider('A', { ISSUER: issuer, TRUST_EMAIL: 'false' }))).toEqual([])
    }
  })

  test.each([
    'https://slack.com',
    'https://www.linkedin.com/oauth',
    'https://login.salesforce.com',
    'https://www.facebook.com',
    'https://api.login.yahoo.com',
    'https://id.twitch.tv/oauth2',
    'https://discord.com',
  ])('is not trusted for addresses either where it is %s', (issuer) => {
    const settings = provider('A', { ISSUER: issuer, TRUST_EMAIL: 'true' })
    expectProblem(settings, 'PROVIDER_A_TRUST_EMAIL', /anybody can have an account/)
  })

  test('is named twice where it names no tenant and is to be trusted as well', () => {
    const problems = problemsOf(provider('E', { ISSUER: `${microsoft}/common/v2.0`, TRUST_EMAIL: 'true' }))
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'PROVIDER_E_ISSUER',
      'PROVIDER_E_TRUST_EMAIL',
    ])
  })

  test('is none where it names a tenant, or is of a server of one’s own', () => {
    for (const issuer of [
      `${microsoft}/${tenant}/v2.0`,
      `https://sts.windows.net/${tenant}/`,
      'https://gitlab.corp.com',
      'https://sso.corp.com/common/v2.0',
    ])
      expect(problemsOf(provider('A', { ISSUER: issuer, TRUST_EMAIL: 'true' }))).toEqual([])
  })
})

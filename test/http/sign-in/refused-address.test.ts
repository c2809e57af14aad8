import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { expectRefused } from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  type ProviderId,
  type SeveralProviders,
  sessionOf,
  signedInBrowser,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const adasAddress = 'ada@example.com'
const evesAddress = 'eve@lab.test'
const refusal = { status: 403, code: 'not_allowed', reason: 'domain_not_allowed' }

describe('a refused sign-in under the address of somebody else', () => {
  let context: SeveralProviders
  beforeEach(async () => {
    context = await startSeveralProviders({
      AUTH_RATE_LIMIT: 'off',
      FAILURE_RATE_LIMIT: 'off',
      ALLOWED_DOMAINS: 'google:example.com,key-cloak:lab.test',
    })
    Object.assign(context.keycloak.account, { sub: 'eve', email: evesAddress, name: 'Eve' })
  })
  afterEach(() => context.close())

  async function keyAt(provider: ProviderId): Promise<string> {
    const response = await signInAt(context, provider, { email: adasAddress })
    const page = await response.text()
    const key = keyTextOn(page)
    if (key === null) throw new Error(`the callback answered ${response.status}: ${page}`)
    return key
  }

  async function codeOf(key: string): Promise<string> {
    const answer = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    return (await json(answer)).code ?? 'valid'
  }

  async function poseAsAda(expected = refusal) {
    context.keycloak.account.email = adasAddress
    await expectRefused(context, expected, (headers) => signInAt(context, 'key-cloak', { headers }))
  }

  async function userOf(email: string): Promise<string> {
    const [row] = await context.gateway.database.rows('SELECT id FROM users WHERE email = ?', email)
    return row.id
  }

  async function post(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    expect((await context.gateway.asAdmin(path, init)).status, path).toBe(201)
  }

  const erase = (id: string) => context.gateway.asAdmin(`/admin/users/${id}`, { method: 'DELETE' })
  const list = async (path: string) => (await json(await context.gateway.asAdmin(path))).data as any[]

  test('locks out neither whoever has it nor whoever comes with it later', async () => {
    await keyAt('key-cloak')
    await poseAsAda()
    const first = await keyAt('google')
    await poseAsAda()
    const browser = await signedInBrowser(context, 'google', adasAddress)
    const second = await keyAt('google')
    await poseAsAda()
    expect([await codeOf(first), await codeOf(second)]).toEqual(['valid', 'valid'])
    expect((await sessionOf(browser)).user.email).toBe(adasAddress)
  })

  test('locks nobody out either where the rules would cover it at that provider', async () => {
    await context.gateway.restart({
      ALLOWED_DOMAINS: 'google:example.com,key-cloak:lab.test,key-cloak:example.com',
    })
    await keyAt('key-cloak')
    const key = await keyAt('google')
    await poseAsAda({ ...refusal, reason: 'email_of_another_user' })
    expect(await codeOf(key)).toBe('valid')
    expect(await codeOf(await keyAt('google'))).toBe('valid')
  })

  test('is not stored as the address of whoever tried', async () => {
    await keyAt('key-cloak')
    await poseAsAda()
    const select = 'SELECT email, email_verified FROM identities WHERE subject = ?'
    expect(await context.gateway.database.rows(select, 'eve')).toEqual([
      { email: evesAddress, email_verified: 0 },
    ])
    expect(await context.gateway.database.rows('SELECT email FROM users')).toEqual([{ email: evesAddress }])
  })

  test('cuts off the keys and sessions of whoever tried, until they come as themselves', async () => {
    const browser = await signedInBrowser(context, 'key-cloak')
    const key = await keyAt('key-cloak')
    expect([await codeOf(key), (await sessionOf(browser)).code]).toEqual(['valid', undefined])
    await poseAsAda()
    expect([await codeOf(key), (await sessionOf(browser)).code]).toEqual([
      'owner_not_allowed',
      'owner_not_allowed',
    ])
    context.keycloak.account.email = evesAddress
    await keyAt('key-cloak')
    expect([await codeOf(key), (await sessionOf(browser)).code]).toEqual(['valid', undefined])
  })

  test('leaves the details, rules and invitations of the other when the one who tried is erased', async () => {
    await keyAt('google')
    await keyAt('key-cloak')
    const [ada, eve] = [await userOf(adasAddress), await userOf(evesAddress)]
    await post('/admin/access-rules', { kind: 'allow_email', value: adasAddress })
    await post('/admin/access-rules', { kind: 'allow_email', provider: 'entra', value: adasAddress })
    await post(`/admin/users/${ada}/identities`, { provider: 'entra', email: adasAddress })
    await poseAsAda()
    const detailsOfAda = async () =>
      (await list(`/admin/audit?actor=user:${ada}&limit=200`)).map(({ action, details }) => ({
        action,
        details,
      }))
    const before = { details: await detailsOfAda(), rules: await list('/admin/access-rules') }
    const invitations = await list('/admin/invitations')
    expect(before.details.map(({ details }) => details.email)).toContain(adasAddress)
    expect([before.rules.length, invitations.length]).toEqual([2, 1])

    expect((await erase(eve)).status).toBe(204)
    expect({ details: await detailsOfAda(), rules: await list('/admin/access-rules') }).toEqual(before)
    expect(await list('/admin/invitations')).toEqual(invitations)
    for (const { details } of await list(`/admin/audit?target=user:${eve}&limit=200`))
      expect(details.email).toBeNull()
  })

  test('leaves what was said of somebody who has not come yet when the one who tried is erased', async () => {
    await keyAt('key-cloak')
    await post('/admin/access-rules', { kind: 'allow_email', value: adasAddress })
    await post('/admin/users', { email: adasAddress, groups: ['ops'] })
    await poseAsAda()
    const [rules, invitations] = [await list('/admin/access-rules'), await list('/admin/invitations')]
    expect([rules.length, invitations.length]).toEqual([1, 1])
    expect((await erase(await userOf(evesAddress))).status).toBe(204)
    expect(await list('/admin/access-rules')).toEqual(rules)
    expect(await list('/admin/invitations')).toEqual(invitations)
  })
})

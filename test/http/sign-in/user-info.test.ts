import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  expectRefused,
  inventory,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'

type Claims = Record<string, unknown>

describe('UserInfo', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000' })
  })
  beforeEach(() => context.wrong.reset())
  afterAll(() => context.close())

  const subjects: [string, (claims: Claims) => Claims][] = [
    ['another sub', (claims) => ({ ...claims, sub: 'other' })],
    ['no sub', ({ sub: _, ...claims }) => claims],
    ['the sub in a list', (claims) => ({ ...claims, sub: [claims.sub] })],
    ['the sub as a number', (claims) => ({ ...claims, sub: Number(claims.sub) })],
    ['the sub with a space', (claims) => ({ ...claims, sub: `${claims.sub} ` })],
    ['a sub of null', (claims) => ({ ...claims, sub: null })],
  ]
  test.each(subjects)('with %s is refused', async (_, userInfo) => {
    context.wrong.behaviour.userInfo = userInfo
    const refused = { status: 502, code: 'provider_error', reason: 'userinfo_other_subject' }
    await expectRefused(context, refused, (headers) => signInWrong(context, headers))
  })

  test.each([
    ['a list', [1], 'userinfo_not_object'],
    ['null', null, 'userinfo_not_object'],
    ['a text', 'x', 'userinfo_not_object'],
  ])('that is %s is refused', async (_, answer, reason) => {
    context.wrong.behaviour.userInfo = () => answer as unknown as Claims
    const refused = { status: 502, code: 'provider_error', reason }
    await expectRefused(context, refused, (headers) => signInWrong(context, headers))
  })

  test('gives the email where the ID token has none', async () => {
    context.wrong.behaviour.idTokenClaims = ({
      email: _e,
      email_verified: _v,
      name: _n,
      hd: _h,
      ...claims
    }) => claims
    context.wrong.account.sub = 'from-userinfo'
    context.wrong.account.email = 'Una@Example.com'
    expect((await signInWrong(context)).status).toBe(200)
    const { users } = await inventory(context)
    expect(users.find(({ email }) => email === 'una@example.com')).toMatchObject({ name: 'Wanda Example' })
  })

  test('is not missed where the provider has no such endpoint', async () => {
    const other = await startAttackedGateway()
    other.wrong.behaviour.discovery = ({ userinfo_endpoint: _, ...document }) => document
    const response = await signInWrong(other)
    const asked = other.wrong.requests.get('/userinfo')
    await other.close()
    expect([response.status, asked]).toEqual([200, undefined])
  })

  const texts: [string, string][] = [
    ['a line break', 'Wanda\r\nX-Evil: 1'],
    ['markup', '"><script>alert(1)</script>'],
  ]
  test.each(texts)('with %s in a name does not break the page', async (_, name) => {
    context.wrong.account.sub = `name-${name.length}`
    context.wrong.account.email = `name-${name.length}@example.com`
    context.wrong.account.name = name
    const response = await signInWrong(context)
    expect(response.headers.get('x-evil')).toBeNull()
    expect(await response.text()).not.toContain('<script>alert')
  })

  test('and an access token that no header can carry are refused without the token in the log', async () => {
    context.wrong.behaviour.tokenAnswer = (answer) => ({
      ...answer,
      access_token: 'Zm9vYmFy\r\nX-Evil: c2VjcmV0',
    })
    const response = await signInWrong(context)
    expect(response.status).toBe(502)
    expect(context.gateway.log.filter((line) => /Zm9vYmFy|c2VjcmV0/.test(line))).toEqual([])
  })
})

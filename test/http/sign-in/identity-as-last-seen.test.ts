import { afterEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  expectRefused,
  inventory,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'
import { createCookieJar, keyTextOn, pathOf } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { authorizeAt } from '../../support/wrong-issuer.ts'

const notAllowed = (reason: string) => ({ status: 403, code: 'not_allowed', reason })
const unverified = { status: 403, code: 'email_unverified', reason: 'email_unverified' }

let context: Attacked
afterEach(() => context.close())

async function keyOf(): Promise<string> {
  const response = await signInWrong(context)
  return keyTextOn(await response.text()) ?? `none: ${response.status}`
}

/** A browser that has been through a sign-in with `return_to`, and the answer of its callback. */
async function signedIn() {
  const jar = createCookieJar(context.gateway)
  const login = await jar.fetch('/auth/login?return_to=/account')
  const response = await jar.fetch(pathOf(await authorizeAt(login.headers.get('location') ?? '')))
  return { jar, response }
}

async function codeOf(key: string): Promise<string> {
  const answer = await json(await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } }))
  return answer.code ?? 'valid'
}

describe('keys and sessions are judged by the identity as it was last seen', () => {
  const changes: [string, Record<string, string>, Record<string, unknown>, ReturnType<typeof notAllowed>][] =
    [
      [
        'an address outside of the rules',
        { ALLOWED_DOMAINS: 'example.com' },
        { email: 'wanda@elsewhere.test', hd: 'elsewhere.test' },
        notAllowed('domain_not_allowed'),
      ],
      [
        'an account that has left the Workspace',
        { ALLOWED_DOMAINS: 'example.com' },
        { hd: undefined },
        notAllowed('hd_not_allowed'),
      ],
      [
        'an address that is denied',
        { DENIED_EMAILS: 'old@example.com' },
        { email: 'old@example.com' },
        notAllowed('denied'),
      ],
      ['an address that is not verified any more', {}, { email_verified: false }, unverified],
    ]
  test.each(changes)(
    '%s: the sign-in is refused and what the person has stops working, until a good one brings it back',
    async (_, settings, claims, expected) => {
      context = await startAttackedGateway(settings)
      const key = await keyOf()
      const { jar } = await signedIn()
      expect([await codeOf(key), (await jar.fetch('/auth/session')).status]).toEqual(['valid', 200])
      const right = { ...context.wrong.account }
      Object.assign(context.wrong.account, claims)
      await expectRefused(context, expected, (headers) => signInWrong(context, headers))
      expect(await codeOf(key)).toBe('owner_not_allowed')
      expect((await json(await jar.fetch('/auth/session'))).code).toBe('owner_not_allowed')
      Object.assign(context.wrong.account, right)
      await keyOf()
      expect([await codeOf(key), (await jar.fetch('/auth/session')).status]).toEqual(['valid', 200])
    },
  )

  test('a changed address that is still covered keeps the keys, the sessions and the user', async () => {
    context = await startAttackedGateway({ ALLOWED_DOMAINS: 'example.com' })
    const key = await keyOf()
    const { jar } = await signedIn()
    context.wrong.account.email = 'wanda.married@example.com'
    await keyOf()
    expect(await codeOf(key)).toBe('valid')
    expect((await json(await jar.fetch('/auth/session'))).user.email).toBe('wanda.married@example.com')
    expect((await inventory(context)).users).toHaveLength(1)
  })

  test('what only the provider got wrong changes nothing of it', async () => {
    context = await startAttackedGateway({ ALLOWED_DOMAINS: 'example.com' })
    const key = await keyOf()
    Object.assign(context.wrong.behaviour, { sign: 'bad-signature' })
    Object.assign(context.wrong.account, { email: 'wanda@elsewhere.test', email_verified: false })
    expect((await signInWrong(context)).status).toBe(502)
    context.wrong.behaviour.sign = 'good'
    context.wrong.behaviour.userInfo = (claims) => ({ ...claims, email: 'other@example.com' })
    expect((await signInWrong(context)).status).toBe(502)
    expect(await codeOf(key)).toBe('valid')
  })

  test('the address of another user does not become that of the identity that claims it', async () => {
    context = await startAttackedGateway()
    const key = await keyOf()
    const { sub } = context.wrong.account
    Object.assign(context.wrong.account, { sub: '2', email: 'eve@example.com' })
    const evesKey = await keyOf()
    context.wrong.account.email = 'wanda@example.com'
    const taken = notAllowed('email_of_another_user')
    await expectRefused(context, taken, (headers) => signInWrong(context, headers))
    expect([await codeOf(key), await codeOf(evesKey)]).toEqual(['valid', 'valid'])
    context.wrong.account.sub = sub
    expect(await codeOf(await keyOf())).toBe('valid')
  })
})

describe('a sign-in that has a place to return to', () => {
  test('ends in a 303 to there without code and state, mints no key, and leaves the session cookie alone behind', async () => {
    context = await startAttackedGateway()
    const { jar, response } = await signedIn()
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(`${context.gateway.url}/account`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(await response.text()).toBe('')
    expect([...jar.cookies.keys()]).toEqual(['__Host-keydesk'])
    expect((await inventory(context)).keys).toEqual([])
  })

  test('that is refused starts no session: not allowed, disabled, an unverified address, a token that is wrong', async () => {
    context = await startAttackedGateway({ DENIED_EMAILS: 'denied@example.com' })
    await signedIn()
    const refusals: [Record<string, unknown>, object][] = [
      [{ email: 'denied@example.com', sub: '2' }, {}],
      [{ email_verified: 'true' }, {}],
      [{}, { sign: 'alg-none' }],
      [{}, { token: 'junk-2mb' }],
    ]
    const rows = () => context.gateway.database.rows('SELECT id FROM sessions')
    const before = await rows()
    const expectNoSession = async () => {
      const { jar, response } = await signedIn()
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(jar.cookies.size).toBe(0)
      expect((await jar.fetch('/auth/session')).status).toBe(401)
      expect(await rows()).toEqual(before)
    }
    for (const [claims, behaviour] of refusals) {
      context.wrong.reset()
      Object.assign(context.wrong.account, claims)
      Object.assign(context.wrong.behaviour, behaviour)
      await expectNoSession()
    }
    context.wrong.reset()
    await context.gateway.database.change("UPDATE users SET status = 'disabled'")
    await expectNoSession()
  })

  test('that is refused leaves the session that the browser had before as it was', async () => {
    context = await startAttackedGateway({ DENIED_EMAILS: 'denied@example.com' })
    const { jar } = await signedIn()
    Object.assign(context.wrong.account, { email: 'denied@example.com', sub: '2' })
    const login = await jar.fetch('/auth/login?return_to=/account')
    const refused = await jar.fetch(pathOf(await authorizeAt(login.headers.get('location') ?? '')))
    expect(refused.status).toBe(403)
    expect((await json(await jar.fetch('/auth/session'))).user.email).toBe('wanda@example.com')
  })
})

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSessionSecret } from '../../../src/domain/session-secret.ts'
import { type Attacked, startAttackedGateway } from '../../support/attack.ts'
import { createCookieJar } from '../../support/browser-like.ts'
import { cookiesSetBy, signInWrongForSession, stateAt } from '../../support/signed-in.ts'

const always = ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']
const sessionCookies = (response: Response) =>
  new Map([...cookiesSetBy(response)].filter(([name]) => !name.includes('attempt')))

describe('the cookies of a session', () => {
  let alone: Attacked
  let withApps: Attacked
  beforeAll(async () => {
    alone = await startAttackedGateway({ AUTH_RATE_LIMIT: 'off' })
    withApps = await startAttackedGateway({
      AUTH_BASE_URL: 'https://keys.corp.test',
      ALLOWED_DOMAINS: 'example.com',
      COOKIE_DOMAIN: '.corp.test',
      SESSION_MAX: '400d',
    })
  })
  afterAll(async () => {
    await alone.close()
    await withApps.close()
  })

  test('without COOKIE_DOMAIN there is one, host-only, with exactly these attributes', async () => {
    const { response } = await signInWrongForSession(alone)
    const set = sessionCookies(response)
    expect([...set.keys()]).toEqual(['__Host-keydesk'])
    expect(set.get('__Host-keydesk')?.attributes).toEqual([...always, 'Max-Age=604800'].sort())
  })

  test('with COOKIE_DOMAIN there is another for the apps, and the domain is on that one alone', async () => {
    const { response, secret, appSecret } = await signInWrongForSession(withApps)
    const set = sessionCookies(response)
    expect([...set.keys()]).toEqual(['__Host-keydesk', '__Secure-keydesk-app'])
    // As long as a session can live, and no longer than a browser keeps one: 400 days.
    const attributes = [...always, 'Max-Age=34560000']
    expect(set.get('__Host-keydesk')?.attributes).toEqual(attributes.sort())
    expect(set.get('__Secure-keydesk-app')?.attributes).toEqual([...attributes, 'Domain=corp.test'].sort())
    expect(appSecret).not.toBe(secret)
  })

  test('are under 200 bytes, opaque, and hold 256 bits', async () => {
    const { response } = await signInWrongForSession(withApps)
    for (const [name, { value }] of sessionCookies(response)) {
      expect(name.length + value.length).toBeLessThan(200)
      expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/)
      expect(Buffer.from(value, 'base64url')).toHaveLength(32)
      expect(Buffer.from(value, 'base64url').toString('latin1')).not.toContain('wanda')
    }
  })

  test('are set by the callback alone, and cleared from no other answer', async () => {
    const { jar } = await signInWrongForSession(alone)
    for (const path of ['/', '/account', '/auth/session', '/healthz', '/nothing'])
      expect((await jar.fetch(path)).headers.getSetCookie(), path).toEqual([])
  })

  test('a sign-in that mints a key signs nobody in', async () => {
    const jar = createCookieJar(alone.gateway)
    const login = await jar.fetch('/auth/login')
    const back = await fetch(login.headers.get('location') ?? '', { redirect: 'manual' })
    const { pathname, search } = new URL(back.headers.get('location') ?? '')
    const response = await jar.fetch(pathname + search)
    expect(response.status).toBe(200)
    expect([...sessionCookies(response).keys()]).toEqual([])
  })

  test('have a new value at every sign-in: none comes back over 100 sign-ins and 10,000 values', async () => {
    const values = new Set<string>()
    for (let count = 0; count < 100; count += 1) values.add((await signInWrongForSession(alone)).secret)
    expect(values.size).toBe(100)
    for (let count = 0; count < 10_000; count += 1) values.add(newSessionSecret())
    expect(values.size).toBe(10_100)
  })

  test('of both the database holds the SHA-256 and nothing else, and the log holds neither', async () => {
    const { secret, appSecret = '', jar } = await signInWrongForSession(withApps)
    await jar.fetch('/auth/session')
    await jar.fetch('/auth/session', { headers: { cookie: `__Secure-keydesk-app=${appSecret}` } })
    const stored = await withApps.gateway.database.contents()
    const log = withApps.gateway.log.join('\n')
    for (const value of [secret, appSecret]) {
      const bytes = Buffer.from(value, 'base64url')
      const hash = createHash('sha256').update(value)
      expect(stored).toContain(hash.copy().digest('base64url'))
      for (const form of [value, bytes.toString('hex'), bytes.toString('base64'), value.slice(0, 20)]) {
        expect(stored).not.toContain(form)
        expect(log).not.toContain(form)
      }
      expect(log).not.toContain(hash.copy().digest('base64url'))
      expect(log).not.toContain(hash.digest('hex'))
    }
  })
})

describe('a sign-in in a browser that shows a session', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway()
  })
  afterAll(() => context.close())

  test('gives a new value and ends the shown session, and no other', async () => {
    const other = await signInWrongForSession(context)
    const first = await signInWrongForSession(context)
    const second = await signInWrongForSession(context, { jar: first.jar })
    expect(second.secret).not.toBe(first.secret)
    expect((await stateAt(context.gateway, first.secret)).status).toBe(401)
    expect((await stateAt(context.gateway, second.secret)).status).toBe(200)
    expect((await stateAt(context.gateway, other.secret)).status).toBe(200)
  })

  test('ends it also where it was another person’s', async () => {
    const first = await signInWrongForSession(context)
    Object.assign(context.wrong.account, { sub: '7', email: 'zoe@example.com', name: 'Zoe' })
    const second = await signInWrongForSession(context, { jar: first.jar })
    context.wrong.reset()
    const { user } = (await (await stateAt(context.gateway, second.secret)).json()) as any
    expect(user.email).toBe('zoe@example.com')
    expect((await stateAt(context.gateway, first.secret)).status).toBe(401)
  })

  test('never takes a value that somebody planted', async () => {
    const jar = createCookieJar(context.gateway)
    const planted = newSessionSecret()
    jar.cookies.set('__Host-keydesk', planted)
    const { secret } = await signInWrongForSession(context, { jar })
    expect(secret).not.toBe(planted)
    expect((await stateAt(context.gateway, planted)).status).toBe(401)
  })

  test('ends nothing where it does not succeed', async () => {
    const first = await signInWrongForSession(context)
    Object.assign(context.wrong.account, { sub: '8', email: 'uma@example.com', email_verified: false })
    await expect(signInWrongForSession(context, { jar: first.jar })).rejects.toThrow('403')
    context.wrong.reset()
    expect((await stateAt(context.gateway, first.secret)).status).toBe(200)
  })
})

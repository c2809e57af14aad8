import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, auditOf, startAttackedGateway } from '../../support/attack.ts'
import { createCookieJar } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  cookiesSetBy,
  postFrom,
  type SignedInBrowser,
  signInWrongForSession,
  stateAt,
} from '../../support/signed-in.ts'

const baseUrl = 'https://keys.corp.test'
const expired = ['HttpOnly', 'Max-Age=0', 'Path=/', 'SameSite=Lax', 'Secure']

describe('signing out', () => {
  let context: Attacked
  let browser: SignedInBrowser
  beforeAll(async () => {
    context = await startAttackedGateway({
      AUTH_BASE_URL: baseUrl,
      COOKIE_DOMAIN: 'corp.test',
      ALLOWED_DOMAINS: 'example.com',
      ADMIN_EMAILS: 'wanda@example.com',
      AUTH_RATE_LIMIT: 'off',
    })
  })
  beforeEach(async () => {
    context.wrong.reset()
    browser = await signInWrongForSession(context)
  })
  afterAll(() => context.close())
  const isAlive = async (secret = browser.secret) => (await stateAt(context.gateway, secret)).status === 200

  test('ends the session, tells the browser to forget what it keeps, and expires both cookies', async () => {
    const response = await postFrom(browser, '/auth/logout')
    expect(response.status).toBe(204)
    // Not "cookies", which would sign people out of the apps beside.
    expect(response.headers.get('clear-site-data')).toBe('"cache", "storage"')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(Object.fromEntries(cookiesSetBy(response))).toEqual({
      '__Host-keydesk': { value: '', attributes: expired },
      '__Secure-keydesk-app': { value: '', attributes: ['Domain=corp.test', ...expired].sort() },
    })
    expect(await isAlive()).toBe(false)
    expect(browser.jar.cookies.size).toBe(0)
  })

  test('leads a browser to the front page, which knows nobody any more', async () => {
    const response = await postFrom(browser, '/auth/logout', { accept: 'text/html', origin: baseUrl })
    expect({ status: response.status, to: response.headers.get('location') }).toEqual({
      status: 303,
      to: '/',
    })
    expect(response.headers.get('clear-site-data')).toBe('"cache", "storage"')
    expect(await (await browser.jar.fetch('/')).text()).not.toContain('Wanda')
  })

  test('leaves a value that every endpoint refuses', async () => {
    const before = await json(await stateAt(context.gateway, browser.secret))
    expect(before.user.role).toBe('admin')
    await postFrom(browser, '/auth/logout')
    const cookie = `__Host-keydesk=${browser.secret}; __Secure-keydesk-app=${browser.appSecret}`
    const own = { cookie, 'sec-fetch-site': 'same-origin' }
    const users = await context.gateway.database.rows('SELECT id, version FROM users')
    for (const [method, path] of [
      ['GET', '/auth/session'],
      ['POST', '/account/identities'],
      ['GET', '/v1/validate'],
      ['GET', '/admin/users'],
      ['PATCH', `/admin/users/${before.user.id}`],
      ['GET', `/admin/users/${before.user.id}/sessions`],
      ['DELETE', '/admin/sessions'],
      ['GET', '/admin/keys'],
      ['GET', '/admin/audit'],
      ['GET', '/admin/access-rules'],
      ['GET', '/admin/invitations'],
      ['POST', '/admin/service-accounts'],
    ] as const) {
      const response = await context.gateway.fetch(path, { method, headers: own })
      expect(response.status, `${method} ${path}`).toBe(401)
    }
    const account = await context.gateway.fetch('/account', { headers: own })
    expect(account.headers.get('location')).toBe('/auth/login?return_to=%2Faccount')
    expect((await context.gateway.fetch('/auth/logout', { method: 'POST', headers: own })).status).toBe(204)
    expect(await context.gateway.database.rows('SELECT id, version FROM users')).toEqual(users)
  })

  test('wants a POST: an image, a link and a prefetch change nothing', async () => {
    for (const path of ['/auth/logout', '/auth/logout/everywhere'])
      for (const [method, headers] of [
        ['GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }],
        ['GET', {}],
        ['HEAD', {}],
        ['GET', { 'sec-purpose': 'prefetch' }],
        ['PUT', {}],
        ['DELETE', {}],
        ['OPTIONS', { origin: 'https://evil.test', 'access-control-request-method': 'POST' }],
      ] as [string, Record<string, string>][]) {
        const response = await browser.jar.fetch(path, { method, headers })
        expect(response.status, `${method} ${path}`).toBe(405)
        expect(response.headers.get('allow')).toBe('POST')
        expect(response.headers.getSetCookie()).toEqual([])
        expect(response.headers.get('clear-site-data')).toBeNull()
      }
    expect(await isAlive()).toBe(true)
  })

  test('may be asked for by no other site, a sibling subdomain among them', async () => {
    for (const path of ['/auth/logout', '/auth/logout/everywhere'])
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'same-site', origin: 'https://app.corp.test' },
        { 'sec-fetch-site': 'same-origin', origin: 'https://evil.test' },
        { 'sec-fetch-site': '' },
        { 'sec-fetch-site': 'same-origin, cross-site' },
        { origin: 'https://evil.test' },
        { origin: 'null' },
        { origin: 'null', 'sec-fetch-site': 'cross-site' },
        { origin: 'null', 'sec-fetch-site': 'same-site' },
        { origin: 'null', 'sec-fetch-site': 'none' },
        { origin: 'http://keys.corp.test' },
        { origin: `${baseUrl}:444` },
        { origin: `${baseUrl}.evil.test` },
        { origin: `${baseUrl}/` },
      ] as Record<string, string>[]) {
        const response = await browser.jar.fetch(path, { method: 'POST', headers })
        expect(response.status, JSON.stringify(headers)).toBe(403)
        expect((await json(response)).code).toBe('forbidden')
        expect(response.headers.getSetCookie()).toEqual([])
        expect(response.headers.get('clear-site-data')).toBeNull()
      }
    expect(await isAlive()).toBe(true)
  })

  test('may be asked for by our own form, whose origin a browser hides under our Referrer-Policy', async () => {
    const response = await postFrom(browser, '/auth/logout', { origin: 'null' })
    expect(response.status).toBe(204)
    expect(await isAlive()).toBe(false)
  })

  test('ends this browser’s session alone; everywhere ends all of the person’s, and nobody else’s', async () => {
    const here = browser
    const [phone, laptop, desk] = [
      await signInWrongForSession(context),
      await signInWrongForSession(context),
      await signInWrongForSession(context),
    ]
    Object.assign(context.wrong.account, { sub: '9', email: 'zoe@example.com' })
    const zoe = await signInWrongForSession(context)
    await postFrom(phone, '/auth/logout')
    expect(await Promise.all([phone, here, laptop, desk, zoe].map(({ secret }) => isAlive(secret)))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ])
    const response = await postFrom(laptop, '/auth/logout/everywhere')
    expect(response.status).toBe(204)
    expect(response.headers.get('clear-site-data')).toBe('"cache", "storage"')
    expect(cookiesSetBy(response).get('__Host-keydesk')).toEqual({ value: '', attributes: expired })
    expect(await Promise.all([here, laptop, desk, zoe].map(({ secret }) => isAlive(secret)))).toEqual([
      false,
      false,
      false,
      true,
    ])
  })

  test('is in the audit trail, by whom and from where', async () => {
    const { user, session } = await json(await stateAt(context.gateway, browser.secret))
    await postFrom(browser, '/auth/logout', { 'user-agent': 'Browser/2.0' })
    const [ended] = await auditOf(context, 'session.ended')
    expect(ended).toMatchObject({
      actor: `user:${user.id}`,
      facts: { session_id: session.id },
      details: { user_agent: 'Browser/2.0' },
    })
    const other = await signInWrongForSession(context)
    await postFrom(other, '/auth/logout/everywhere')
    const [all] = await auditOf(context, 'sessions.ended')
    expect(all).toMatchObject({ actor: `user:${user.id}`, target: `user:${user.id}` })
  })

  test('without a session, or twice, is no error: that is what was asked for', async () => {
    const events = async () => (await auditOf(context, 'session.ended')).length
    await postFrom(browser, '/auth/logout')
    const before = await events()
    for (const cookie of ['', `__Host-keydesk=${browser.secret}`, '__Host-keydesk=garbage']) {
      const response = await context.gateway.fetch('/auth/logout', { method: 'POST', headers: { cookie } })
      expect(response.status).toBe(204)
    }
    expect(await events()).toBe(before)
  })

  test('of one browser from two tabs at once is one sign-out', async () => {
    const before = (await auditOf(context, 'session.ended')).length
    const answers = await Promise.all([1, 2, 3].map(() => postFrom(browser, '/auth/logout')))
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204])
    expect(await isAlive()).toBe(false)
    expect((await auditOf(context, 'session.ended')).length).toBe(before + 1)
  })

  test('leaves a sign-in that is under way alone', async () => {
    const jar = createCookieJar(context.gateway)
    const login = await jar.fetch('/auth/login?return_to=/account')
    const attempts = jar.cookies.size
    for (const [name, value] of browser.jar.cookies) jar.cookies.set(name, value)
    await postFrom({ jar }, '/auth/logout')
    expect(jar.cookies.size).toBe(attempts)
    expect(login.status).toBe(302)
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attacked, begin, callbackOf, startAttackedGateway } from '../../support/attack.ts'
import { createCookieJar, pathOf } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { signInWrongForSession } from '../../support/signed-in.ts'
import { authorizeAt } from '../../support/wrong-issuer.ts'

const own = 'https://keys.corp.test'
const bytesMax = 2500

describe('return_to', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({
      AUTH_BASE_URL: own,
      ALLOWED_DOMAINS: 'example.com',
      RETURN_TO_ORIGINS: 'https://app.corp.test, https://*.apps.corp.test, https://tools.corp.test:8443',
      AUTH_RATE_LIMIT: 'off',
    })
  })
  afterAll(() => context.close())

  const ask = (text: string) =>
    context.gateway.fetch(`/auth/login?return_to=${encodeURIComponent(text)}`, {
      headers: { accept: 'application/json' },
    })
  const placeAfter = async (returnTo: string) =>
    (await signInWrongForSession(context, { returnTo })).response.headers.get('location')

  test.each([
    ['/', `${own}/`],
    ['/account', `${own}/account`],
    ['/x?a=1&b=2&a=3', `${own}/x?a=1&b=2&a=3`],
    ['/x?q=a%2Bb+c%23d%26e%3Df', `${own}/x?q=a%2Bb+c%23d%26e%3Df`],
    ['/caf%C3%A9/%F0%9F%94%91?q=%e2%82%ac', `${own}/caf%C3%A9/%F0%9F%94%91?q=%e2%82%ac`],
    ['/x#frag?ment/%20&c', `${own}/x#frag?ment/%20&c`],
    ['/x?next=https://evil.test/&u=//evil.test', `${own}/x?next=https://evil.test/&u=//evil.test`],
    ['/a:b@c;d,e=f!$*()~', `${own}/a:b@c;d,e=f!$*()~`],
    [`${own}/console?x#y`, `${own}/console?x#y`],
    ['/authors', `${own}/authors`],
    ['/reports/100%25', `${own}/reports/100%25`],
    ['https://app.corp.test', 'https://app.corp.test/'],
    ['https://app.corp.test/auth/login?a=%2B&b#c', 'https://app.corp.test/auth/login?a=%2B&b#c'],
    ['https://one.apps.corp.test/x?y=%00', 'https://one.apps.corp.test/x?y=%00'],
    ['https://a.b.apps.corp.test/', 'https://a.b.apps.corp.test/'],
    ['https://tools.corp.test:8443/#/deep/link', 'https://tools.corp.test:8443/#/deep/link'],
  ])('%s is gone on to, byte for byte', async (text, place) => {
    expect(await placeAfter(text)).toBe(place)
  })

  test.each([
    'https://apps.corp.test/',
    'https://evilapps.corp.test/',
    'https://.apps.corp.test/',
    'https://app.corp.test:8443/',
    'https://tools.corp.test/',
    'http://app.corp.test/',
    'http://keys.corp.test/',
    'https://keys.corp.test:444/',
    'https://user@app.corp.test/',
    'https://app.corp.test@evil.test/',
    'https://app.corp.test.evil.test/',
    'https://app.corp.test./',
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://keys.corp.test/x',
    'account',
    '',
  ])('%s is refused by name, and nothing of it is shown', async (text) => {
    for (const path of ['/auth/login', '/auth/login/google']) {
      const response = await context.gateway.fetch(`${path}?return_to=${encodeURIComponent(text)}`)
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
      expect(response.headers.getSetCookie()).toEqual([])
      const problem = await json(response)
      expect(problem.code).toBe('invalid_request')
      expect(problem.detail).toContain('return_to')
      if (text.includes('evil')) expect(problem.detail).not.toContain('evil')
    }
  })

  test.each([
    '/auth/login',
    '/auth/login?return_to=/account',
    '/auth',
    '/auth/',
    '/auth/logout',
    '/auth/callback?code=x&state=y',
    '/AUTH',
    '/Auth/Login',
    '//auth/login',
    '/.//auth/login',
    '/./auth/login',
    '/x/../auth/login',
    '/%61uth/login',
    '/%2561uth/login',
    '/auth%2flogin',
    '/auth%252flogin',
    '/%2e/auth/login',
    '/x/%2e%2e/auth/login',
    '/a/..%2fauth/login',
    '/a/%2e%2e%2fauth/login',
    '/a/..%252fauth/login',
    '/a/..%5cauth/login',
    '/auth;x=1/login',
    '/%2Fauth/login',
    `${own}/auth/login`,
    `${own}//auth/login`,
    `${own}/a/..%2fauth/logout`,
  ])('%s would go round, and is refused', async (text) => {
    expect((await ask(text)).status).toBe(400)
  })

  test.each([
    ['a line end', '/x\r\nSet-Cookie: a=b'],
    ['a line feed', '/x\nLocation: https://evil.test'],
    ['a carriage return', '/x\ry'],
    ['NUL', '/x\u0000y'],
    ['a tab', '/x\ty'],
    ['a tab between slashes', '/\t/evil.test'],
    ['a space', '/x y'],
    ['U+0085', '/x\u0085y'],
    ['U+2028', '/x\u2028y'],
    ['a byte order mark', '\ufeff/x'],
    ['a letter outside of ASCII', '/é'],
    ['a backslash', '/\\evil.test'],
    ['an angle bracket', '/<script>'],
    ['a quote', '/"x'],
  ])('%s in it is refused, and no header is injected', async (_, text) => {
    const response = await ask(text)
    expect(response.status).toBe(400)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(response.headers.get('location')).toBeNull()
  })

  test('an escaped line end stays escaped', async () => {
    const place = await placeAfter('/x%0d%0aSet-Cookie:a=b?%0d%0a')
    expect(place).toBe(`${own}/x%0d%0aSet-Cookie:a=b?%0d%0a`)
  })

  test('2,500 bytes are taken and come back whole, one more is refused', async () => {
    for (const start of ['/', '/x?q=', '/#', 'https://app.corp.test/']) {
      const longest = start.padEnd(bytesMax, 'a+&=')
      const expected = start.startsWith('/') ? own + longest : longest
      expect(await placeAfter(longest)).toBe(expected)
      expect((await ask(`${longest}a`)).status).toBe(400)
    }
  })

  test.each(['a', "'", '%', '?', '&', '~', "/'", '(', '!'])(
    'no return_to makes a cookie of 4,096 bytes: 2,500 bytes of %s are refused or fit',
    async (letter) => {
      for (const start of ['/x', '/x?', '/x#', 'https://app.corp.test/?']) {
        const response = await ask(start.padEnd(bytesMax, letter))
        expect([302, 400]).toContain(response.status)
        for (const line of response.headers.getSetCookie())
          expect((line.split(';')[0] ?? '').length, start).toBeLessThan(4096)
      }
    },
  )

  test('the answer that goes on is a 303 whose place has neither code nor state, and it is kept nowhere', async () => {
    const { jar } = await begin(context)
    const login = await jar.fetch('/auth/login?return_to=/account%3Fa%3Db')
    const callback = new URL(await authorizeAt(login.headers.get('location') ?? ''))
    const response = await jar.fetch(callback.pathname + callback.search)
    expect(response.status).toBe(303)
    const place = new URL(response.headers.get('location') ?? '')
    expect([...place.searchParams.keys()]).toEqual(['a'])
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    const body = await response.text()
    for (const name of ['code', 'state'])
      expect(place.href + body).not.toContain(callback.searchParams.get(name))
  })

  test('given twice, or empty, is refused', async () => {
    for (const query of [
      'return_to=/a&return_to=/b',
      'return_to=',
      'return_to',
      'return_to[]=/a',
      'Return_to=/a',
    ])
      expect((await context.gateway.fetch(`/auth/login?${query}`)).status, query).toBe(400)
  })

  test('signs in and mints no key; without it a key is minted and nobody is signed in', async () => {
    await context.gateway.database.change('DELETE FROM api_keys')
    await signInWrongForSession(context)
    expect(await context.gateway.database.rows('SELECT id FROM api_keys')).toEqual([])
    const attempt = await begin(context)
    expect((await attempt.jar.fetch(await callbackOf(attempt))).status).toBe(200)
    expect(attempt.jar.cookies.size).toBe(0)
    expect(await context.gateway.database.rows('SELECT id FROM api_keys')).toHaveLength(1)
  })

  test('of the callback itself is not read', async () => {
    const jar = createCookieJar(context.gateway)
    const login = await jar.fetch('/auth/login?return_to=/account')
    const path = pathOf(await authorizeAt(login.headers.get('location') ?? ''))
    const response = await jar.fetch(`${path}&return_to=https://app.corp.test/`)
    expect(response.headers.get('location')).toBe(`${own}/account`)
  })

  test('is judged again at the callback: where the settings have narrowed meanwhile it is the front page', async () => {
    for (const [text, place] of [
      ['https://one.apps.corp.test/x', '/'],
      ['https://app.corp.test/x', 'https://app.corp.test/x'],
      ['/account', `${own}/account`],
    ] as const) {
      const jar = createCookieJar(context.gateway)
      const login = await jar.fetch(`/auth/login?return_to=${encodeURIComponent(text)}`)
      const path = pathOf(await authorizeAt(login.headers.get('location') ?? ''))
      await context.gateway.restart({ RETURN_TO_ORIGINS: 'https://app.corp.test' })
      const response = await jar.fetch(path)
      expect({ status: response.status, place: response.headers.get('location') }).toEqual({
        status: 303,
        place,
      })
      await context.gateway.restart()
    }
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSessionSecret, sessionSecretHash } from '../../../src/domain/session-secret.ts'
import { identityOf, proxies, refusalOf, withBearer, withKey, withSession } from '../../support/verify.ts'
import { startVerifyContext, type VerifyContext } from './verify-context.ts'

let context: VerifyContext
let key: string
let secret: string
beforeAll(async () => {
  context = await startVerifyContext()
  key = await context.desk.mint({ scopes: ['a'] })
  secret = (await context.session()).secret
})
afterAll(() => context?.close())

const forged = `kd_000000000000_${'0'.repeat(59)}`

describe.each(proxies)('the credential of a request, for %s', (proxy) => {
  const ask = (headers: readonly (readonly [string, string | Buffer])[], target?: string) =>
    context.ask(proxy, { headers, ...(target === undefined ? {} : { target }) })
  const methodOf = async (headers: readonly (readonly [string, string | Buffer])[]) => {
    const answer = await ask(headers)
    return answer.status === 200 ? identityOf(answer).method : refusalOf(answer).join(' ')
  }

  test('that was shown and is bad is 401, beside whatever good cookie, and nobody is redirected', async () => {
    const bad = [
      ...['', 'x', 'null', `${key}x`, key.slice(0, -1), key.toUpperCase(), `${key},${key}`, forged].map(
        (text) => ['X-API-Key', text] as const,
      ),
      ...[forged, `${key}x`, 'kd_', `${key}, ${key}`].map(
        (text) => ['Authorization', `Bearer ${text}`] as const,
      ),
    ]
    for (const line of bad) {
      const answer = await ask([
        line,
        ['Sec-Fetch-Mode', 'navigate'],
        ['Accept', 'text/html'],
        ...withSession(secret),
      ])
      expect(refusalOf(answer), line.join(': ')).toEqual([401, 'invalid_key'])
      expect(answer.headers.location, line.join(': ')).toBeUndefined()
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="keydesk", error="invalid_token"')
    }
  })

  test('is one: two of ours are refused, even where both are good', async () => {
    const jwt = await context.jwtFor(key)
    const [byKey] = withKey(key)
    const [byBearer] = withBearer(key)
    const [byJwt] = withBearer(jwt)
    const lines: (typeof byKey)[][] = [
      [byKey, byKey],
      [byKey, byBearer],
      [byKey, byJwt],
      [byBearer, byBearer],
      [byBearer, byJwt],
      [byJwt, byJwt],
      [['Authorization', 'Basic YTpi'], byBearer],
    ]
    for (const line of lines) {
      const shown = line.map((each) => each ?? (['', ''] as const))
      expect(refusalOf(await ask([...shown, ...withSession(secret)]))).toEqual([401, 'invalid_key'])
    }
  })

  test('is not the Authorization of the app itself, which is none of our business', async () => {
    for (const text of ['Basic YTpi', 'Bearer x', 'Bearer eyJhbGciOiJub25lIn0.e30.', 'Negotiate x', '']) {
      const own = ['Authorization', text] as const
      expect(await methodOf([own, ...withSession(secret)]), text).toBe('session')
      expect(await methodOf([own, ...withKey(key)]), text).toBe('key')
      expect(await methodOf([own, own, ...withSession(secret)]), text).toBe('session')
      expect(await methodOf([own]), text).toBe('401 unauthenticated')
    }
  })

  test('is a key before a cookie, and a cookie where there is nothing else', async () => {
    expect(await methodOf([...withKey(key), ...withSession(secret)])).toBe('key')
    expect(await methodOf([...withBearer(await context.jwtFor(key)), ...withSession(secret)])).toBe('jwt')
    expect(await methodOf(withSession(secret))).toBe('session')
  })

  test('is no cookie that came twice, with another name, or with another value', async () => {
    const cookies = [
      `__Host-keydesk=${secret}; __Host-keydesk=${secret}`,
      `__Host-keydesk=x; __Host-keydesk=${secret}`,
      `__host-keydesk=${secret}`,
      `\u00a0__Host-keydesk=${secret}`,
      `x__Host-keydesk=${secret}`,
      `__Secure-keydesk-app=${secret}`,
      `__Host-keydesk="${secret}"`,
      `__Host-keydesk=${secret}x`,
      `__Host-keydesk=${secret.toLowerCase()}`,
      '__Host-keydesk=',
      '__Host-keydesk',
      ';;=;',
      "__Host-keydesk=' OR 1=1 --",
      `__Host-keydesk=${'a'.repeat(5000)}`,
    ]
    for (const cookie of cookies)
      expect(await methodOf([['Cookie', Buffer.from(cookie)]]), cookie.slice(0, 60)).toBe(
        '401 unauthenticated',
      )
    const inTwoLines = [
      ['Cookie', `__Host-keydesk=${secret}`] as const,
      ['Cookie', `__Host-keydesk=x`] as const,
    ]
    expect(await methodOf(inTwoLines)).toBe('401 unauthenticated')
    expect(
      await methodOf([
        ['Cookie', 'a=b'],
        ['Cookie', `__Host-keydesk=${secret}`],
      ]),
    ).toBe('session')
  })

  test('is never a key in the URL of the app, even a good one, and it is not logged', async () => {
    for (const target of [`/?key=${key}`, `/a?b=c&api_key=${key}`, `/?${key}`]) {
      for (const headers of [[], withKey(key), withSession(secret)])
        expect(refusalOf(await ask(headers, target))).toEqual([401, 'invalid_key'])
    }
    expect(context.gateway.log.join('')).not.toContain(key)
  })

  test('is refused on the next request after it was revoked, or its session ended', async () => {
    const doomed = await context.desk.mint()
    expect(await methodOf(withKey(doomed))).toBe('key')
    await context.desk.revoke(doomed)
    expect(await methodOf(withKey(doomed))).toBe('401 revoked_key')
    const browser = await context.session()
    expect(await methodOf(withSession(browser.secret))).toBe('session')
    await browser.jar.fetch('/auth/logout', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
    expect(await methodOf(withSession(browser.secret))).toBe('401 unauthenticated')
  })

  test('is told as at /v1/validate why it is refused: expired, disabled, from elsewhere', async () => {
    const soon = await context.desk.mint({ expires_at: '2099-01-01T00:00:00Z' })
    await context.desk.sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', new Date(1), soon.split('_')[1])
    expect(await methodOf(withKey(soon))).toBe('401 expired_key')
    const id = await context.desk.addUser()
    const theirs = await context.desk.mint({ user_id: id })
    await context.changeUser(id, { status: 'disabled' })
    expect(await methodOf(withKey(theirs))).toBe('401 user_disabled')
    const bound = await context.desk.mint({ allowed_addresses: ['192.0.2.0/24'] })
    expect(await methodOf(withKey(bound))).toBe('key')
    for (const client of ['198.51.100.1', null]) {
      const answer = await context.ask(proxy, { client, headers: withKey(bound) })
      expect(refusalOf(answer), `${client}`).toEqual([403, 'not_allowed'])
    }
  })
})

describe('the cookie for apps', () => {
  test.each(proxies)('%s: opens apps, and nothing of Keydesk itself', async (proxy) => {
    const { appSecret } = await plantAppSecret()
    const cookie = ['Cookie', `__Secure-keydesk-app=${appSecret}`] as const
    expect(identityOf(await context.ask(proxy, { headers: [cookie] }))).toMatchObject({
      method: 'session',
      email: 'alice@example.com',
    })
    for (const name of ['__Secure-keydesk-app', '__Host-keydesk']) {
      const headers = { cookie: `${name}=${appSecret}` }
      expect((await context.gateway.fetch('/auth/session', { headers })).status, name).toBe(401)
    }
    const asOther = await context.ask(proxy, { headers: withSession(appSecret) })
    expect(refusalOf(asOther)).toEqual([401, 'unauthenticated'])
    // Two of them are none.
    const twice = ['Cookie', `${cookie[1]}; ${cookie[1]}`] as const
    expect(refusalOf(await context.ask(proxy, { headers: [twice] }))).toEqual([401, 'unauthenticated'])
  })

  /** As a sign-in with COOKIE_DOMAIN leaves it, which wants a host with a dot in its name. */
  async function plantAppSecret() {
    const { secret: own } = await context.session()
    const appSecret = newSessionSecret()
    await context.desk.sql(
      'UPDATE sessions SET app_secret_hash = ? WHERE secret_hash = ?',
      sessionSecretHash(appSecret),
      sessionSecretHash(own),
    )
    return { appSecret }
  }
})

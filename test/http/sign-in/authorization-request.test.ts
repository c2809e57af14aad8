import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, begin, startAttackedGateway } from '../../support/attack.ts'
import { testClient } from '../../support/sign-in.ts'

describe('the authorization request', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway()
  })
  beforeEach(() => context.wrong.reset())
  afterAll(() => context.close())
  const login = (headers: Record<string, string> = {}) => context.gateway.fetch('/auth/login', { headers })

  test('is a 302 to the authorization endpoint of discovery, with the code flow, PKCE S256 and three scopes', async () => {
    const response = await login()
    expect(response.status).toBe(302)
    const location = new URL(response.headers.get('location') ?? '')
    expect(location.origin + location.pathname).toBe(`${context.wrong.issuer}/authorize`)
    const { scope, ...parameters } = Object.fromEntries(location.searchParams)
    expect(parameters).toEqual({
      response_type: 'code',
      client_id: testClient.clientId,
      redirect_uri: `${context.gateway.url}/auth/callback`,
      state: expect.stringMatching(/^[\w-]{32}\.[\w-]{22}$/),
      nonce: expect.stringMatching(/^[\w-]{22,}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    expect(scope?.split(' ').sort()).toEqual(['email', 'openid', 'profile'])
    expect([...location.searchParams.keys()].length).toBe(new Set(location.searchParams.keys()).size)
    expect(location.href).not.toContain(testClient.clientSecret)
  })

  test('goes to the endpoint of discovery and not to a guessed one, and keeps the query of that endpoint', async () => {
    const other = await startAttackedGateway()
    other.wrong.behaviour.discovery = (document) => ({
      ...document,
      authorization_endpoint: 'https://login.test/tenant/7?policy=a',
    })
    const location = new URL((await other.gateway.fetch('/auth/login')).headers.get('location') ?? '')
    await other.close()
    expect(location.origin + location.pathname).toBe('https://login.test/tenant/7')
    expect(location.searchParams.get('policy')).toBe('a')
    expect(location.searchParams.get('response_type')).toBe('code')
  })

  test('has another state, nonce, challenge and cookie on each of 1,000 calls, which leave no row behind', async () => {
    const seen = { state: new Set(), nonce: new Set(), code_challenge: new Set(), cookie: new Set() }
    for (let round = 0; round < 40; round += 1) {
      const batch = await Promise.all(Array.from({ length: 25 }, () => begin(context)))
      for (const { location, cookie } of batch) {
        for (const name of ['state', 'nonce', 'code_challenge'] as const)
          seen[name].add(location.searchParams.get(name))
        seen.cookie.add(cookie.name).add(cookie.value)
      }
    }
    expect([seen.state.size, seen.nonce.size, seen.code_challenge.size]).toEqual([1000, 1000, 1000])
    expect(seen.cookie.size).toBe(2000)
    for (const table of ['used_attempts', 'users', 'api_keys'])
      expect(await context.gateway.database.rows(`SELECT * FROM ${table}`), table).toEqual([])
  })

  test('comes with one cookie: __Host-, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain, as long as the state lives', async () => {
    const cookies = (await login()).headers.getSetCookie()
    expect(cookies).toHaveLength(1)
    const [pair, ...attributes] = (cookies[0] ?? '').split('; ')
    expect(pair).toMatch(/^__Host-keydesk-attempt-[\w-]{24}=v1\.[\w-]+$/)
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax', 'Secure'])
  })

  test('holds nothing in its cookie that can be read, and nothing of the URL but the name that ties them', async () => {
    const { cookie, location } = await begin(context)
    const readable = cookie.value + Buffer.from(cookie.value.slice(3), 'base64url').toString('latin1')
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(readable).not.toContain(location.searchParams.get(name))
    expect(readable).not.toContain('google')
  })

  test('keeps the configured redirect_uri whatever Host, X-Forwarded-* and Forwarded say', async () => {
    const lies: Record<string, string>[] = [
      { host: 'evil.test' },
      { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', 'x-forwarded-port': '444' },
      { 'x-forwarded-proto': 'javascript' },
      { forwarded: 'for=192.0.2.1;host=evil.test;proto=https' },
      { 'x-original-url': '/evil', 'x-rewrite-url': '/evil', 'x-forwarded-prefix': '/evil' },
    ]
    for (const headers of lies) {
      const location = await locationWith(headers)
      expect(location.searchParams.get('redirect_uri')).toBe(`${context.gateway.url}/auth/callback`)
      expect(location.href).not.toContain('evil')
    }
  })

  test('starts nothing for HEAD and for prefetching or prerendering: 405, no cookie, no Location', async () => {
    const speculations: RequestInit[] = [
      { method: 'HEAD' },
      ...['prefetch', 'prefetch;prerender', 'prefetch;anonymous-client-ip'].map((purpose) => ({
        headers: { 'sec-purpose': purpose },
      })),
      { headers: { purpose: 'prefetch' } },
      { headers: { 'x-moz': 'prefetch' } },
    ]
    for (const init of speculations) {
      const response = await context.gateway.fetch('/auth/login', init)
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('GET')
      expect(response.headers.getSetCookie()).toEqual([])
      expect(response.headers.get('location')).toBeNull()
    }
  })

  test('is refused with 400 for a place to return to that is not allowed, and for any other parameter', async () => {
    for (const query of [
      'return_to=https://evil.test',
      'return_to=',
      'return_to=/&return_to=/',
      'state=a',
      'prompt=none',
      'hd=evil.test',
    ]) {
      const response = await context.gateway.fetch(`/auth/login?${query}`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'invalid_request' })
      expect(response.headers.get('location')).toBeNull()
      expect(response.headers.getSetCookie()).toEqual([])
    }
  })

  test.each([
    ['one domain', { ALLOWED_DOMAINS: 'Example.com' }, 'example.com'],
    [
      'one domain and a listed address of it',
      { ALLOWED_DOMAINS: 'example.com', ADMIN_EMAILS: 'a@example.com' },
      'example.com',
    ],
    [
      'one domain and a listed address of another',
      { ALLOWED_DOMAINS: 'example.com', ALLOWED_EMAILS: 'a@x.test' },
      null,
    ],
    ['several domains', { ALLOWED_DOMAINS: 'example.com,example.org' }, null],
    ['no rule', {}, null],
  ])('hints hd only where it hides nobody: %s', async (_, settings, hd) => {
    const hinting = await startAttackedGateway(settings as Record<string, string>)
    const { location } = await begin(hinting)
    await hinting.close()
    expect(location.searchParams.get('hd')).toBe(hd)
  })

  /** `fetch` would set Host by itself. */
  function locationWith(headers: Record<string, string>): Promise<URL> {
    const url = `${context.gateway.url.replace('localhost', '127.0.0.1')}/auth/login`
    return new Promise((resolve, reject) => {
      const call = request(url, { headers, agent: false }, (response) => {
        response.resume()
        resolve(new URL(response.headers.location ?? ''))
      })
      call.on('error', reject).end()
    })
  }
})

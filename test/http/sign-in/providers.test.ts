import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { begin, callbackOf, expectRefused, startAttackedGateway } from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import {
  beginAt,
  providerIds,
  providerSettings,
  type SeveralProviders,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const asPage = { accept: 'text/html' }

/** The ways in that a page offers: where each goes, and what it says. */
function waysInOn(page: string): [href: string, label: string][] {
  const links = page.matchAll(/<a\b[^>]*\bhref="(\/auth\/login[^"]*)"[^>]*>([^<]*)</g)
  return [...links].map(([, href = '', label = '']) => [href.replaceAll('&amp;', '&'), label.trim()])
}

describe('with one provider', () => {
  test('the login goes straight there, by either of its addresses, whichever provider it is', async () => {
    const context = await startAttackedGateway()
    const { issuer } = context.wrong
    const redirectUris = []
    for (const [settings, id] of [
      [{}, 'google'],
      [{ GOOGLE_CLIENT_ID: '', ...providerSettings('ENTRA', issuer) }, 'entra'],
    ] as const) {
      await context.gateway.restart(settings)
      for (const path of ['/auth/login', `/auth/login/${id}`]) {
        const response = await context.gateway.fetch(path)
        expect(response.status).toBe(302)
        const location = new URL(response.headers.get('location') ?? '')
        expect(location.origin + location.pathname).toBe(`${issuer}/authorize`)
        redirectUris.push(location.searchParams.get('redirect_uri'))
      }
      const begun = await begin(context)
      expect(keyTextOn(await (await begun.jar.fetch(await callbackOf(begun))).text())).not.toBeNull()
    }
    const base = `${context.gateway.url}/auth/callback`
    await context.close()
    expect(redirectUris).toEqual([base, base, `${base}/entra`, `${base}/entra`])
  })

  test('that is not Google, nothing that it begins ends at the redirect URI of Google', async () => {
    const context = await startAttackedGateway()
    await context.gateway.restart({
      GOOGLE_CLIENT_ID: '',
      ...providerSettings('ENTRA', context.wrong.issuer),
    })
    const begun = await begin(context)
    const path = (await callbackOf(begun)).replace('/auth/callback/entra', '/auth/callback')
    const expected = { status: 400, code: 'state_invalid', reason: 'other_issuer' }
    await expectRefused(context, expected, (headers) => begun.jar.fetch(path, { headers }))
    expect(context.wrong.tokenRequests).toEqual([])
    expect((await context.gateway.fetch('/auth/login/google')).status).toBe(404)
    await context.close()
  })
})

describe('with several providers', () => {
  let context: SeveralProviders
  beforeAll(async () => {
    context = await startSeveralProviders({ ALLOWED_DOMAINS: 'example.com,entra:example.com' })
  })
  afterAll(() => context.close())
  const login = (query = '', headers: Record<string, string> = asPage) =>
    context.gateway.fetch(`/auth/login${query}`, { headers })

  test('the login shows a page with one link for each, Google first, and asks none of them for that', async () => {
    const response = await login()
    expect(response.status).toBe(200)
    expect(response.headers.get('location')).toBeNull()
    expect(response.headers.getSetCookie()).toEqual([])
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    const page = await response.text()
    expect(waysInOn(page)).toEqual([
      ['/auth/login/google', 'Sign in with Google'],
      ['/auth/login/entra', 'Sign in with Microsoft'],
      ['/auth/login/key-cloak', 'Sign in with Key-cloak'],
    ])
    expect(page).not.toMatch(/127\.0\.0\.1|keydesk-test/)
    expect(context.standIn.requests.discovery).toBe(0)
    expect([context.entra.requests.size, context.keycloak.requests.size]).toEqual([0, 0])
  })

  test('the page carries return_to on every link, and each link leads back there without code or state', async () => {
    const returnTo = '/account?tab=keys&x=a%20b'
    const ways = waysInOn(await (await login(`?return_to=${encodeURIComponent(returnTo)}`)).text())
    expect(ways).toHaveLength(3)
    for (const [index, [href]] of ways.entries()) {
      const url = new URL(href, context.gateway.url)
      expect(url.pathname).toBe(`/auth/login/${providerIds[index]}`)
      expect([...url.searchParams.keys()]).toEqual(['return_to'])
      expect(url.searchParams.get('return_to')).toBe(context.gateway.url + returnTo)
    }
    context.entra.account.email = 'entra@example.com'
    context.keycloak.account.email = 'keycloak@example.com'
    await context.gateway.restart({ ALLOWED_DOMAINS: '' })
    for (const provider of providerIds) {
      const response = await signInAt(context, provider, { returnTo })
      expect(response.status).toBe(303)
      expect(response.headers.get('location')).toBe(context.gateway.url + returnTo)
    }
    await context.gateway.restart()
  })

  test('a place to return to that is not allowed is 400 on the page and at each provider', async () => {
    const query = `?return_to=${encodeURIComponent('https://evil.test/')}`
    for (const path of ['', ...providerIds.map((id) => `/${id}`)]) {
      const response = await login(path + query)
      expect(response.status).toBe(400)
      expect(response.headers.getSetCookie()).toEqual([])
      expect(waysInOn(await response.text()).filter(([href]) => href.includes('evil'))).toEqual([])
    }
  })

  test('HEAD and prefetching start nothing, neither the page nor a provider', async () => {
    const before = context.entra.requests.size
    const speculations: RequestInit[] = [
      { method: 'HEAD' },
      { headers: { 'sec-purpose': 'prefetch' } },
      { headers: { 'sec-purpose': 'prefetch;prerender' } },
    ]
    for (const init of speculations) {
      for (const path of ['/auth/login', '/auth/login/entra', '/auth/callback/entra?state=x']) {
        const response = await context.gateway.fetch(path, init)
        expect(response.status).toBe(405)
        expect(response.headers.get('allow')).toBe('GET')
        expect(response.headers.getSetCookie()).toEqual([])
        expect(response.headers.get('location')).toBeNull()
      }
    }
    expect(context.entra.requests.size).toBe(before)
  })

  test('an id that is no provider is 404 in every form, at the login and at the callback, and sets no cookie', async () => {
    const ids = ['nobody', 'Google', 'ENTRA', 'key_cloak', 'entra%20', 'entra%2F', '__proto__', 'constructor']
    for (const id of [...ids, '*', 'entra,google', 'e'.repeat(32)]) {
      for (const path of [`/auth/login/${id}`, `/auth/callback/${id}?state=x&code=y`]) {
        const response = await context.gateway.fetch(path)
        expect({ path, status: response.status }).toEqual({ path, status: 404 })
        expect(response.headers.getSetCookie()).toEqual([])
      }
    }
  })

  test('each gets its own redirect URI, and only Google the hint of the one hosted domain', async () => {
    const locations = await Promise.all(providerIds.map((id) => beginAt(context, id)))
    const of = (name: string) => locations.map(({ location }) => location.searchParams.get(name))
    const base = `${context.gateway.url}/auth/callback`
    expect(of('redirect_uri')).toEqual([base, `${base}/entra`, `${base}/key-cloak`])
    expect(of('hd')).toEqual(['example.com', null, null])
    const issuers = [context.standIn, context.entra, context.keycloak].map(({ issuer }) => issuer)
    expect(locations.map(({ location }) => location.origin)).toEqual(issuers)
  })

  test('the token request of each repeats the redirect URI of its own', async () => {
    await context.gateway.restart({ ALLOWED_DOMAINS: 'entra:example.com' })
    context.entra.reset()
    expect((await signInAt(context, 'entra')).status).toBe(200)
    const sent = context.entra.tokenRequests.map(({ parameters }) => parameters.get('redirect_uri'))
    expect(sent).toEqual([`${context.gateway.url}/auth/callback/entra`])
    await context.gateway.restart()
  })

  test('one that is down or answers junk costs a clean 502 there, and neither the page nor the others', async () => {
    await context.gateway.restart({ PROVIDER_TIMEOUT: '1s' })
    for (const way of ['status-500', 'hang', 'junk-2mb', 'redirect'] as const) {
      context.keycloak.behaviour.discoveryEndpoint = way
      const begunAt = performance.now()
      const [refused, page, ...others] = await Promise.all([
        login('/key-cloak'),
        login(),
        login('/google'),
        login('/entra'),
      ])
      expect([refused.status, page.status, ...others.map(({ status }) => status)]).toEqual([
        502, 200, 302, 302,
      ])
      expect(performance.now() - begunAt).toBeLessThan(4000)
      expect(refused.headers.getSetCookie()).toEqual([])
      expect(await refused.text()).not.toMatch(/127\.0\.0\.1|node:|at \w+ \(/)
    }
    context.keycloak.behaviour.discoveryEndpoint = 'ok'
    expect((await login('/key-cloak')).status).toBe(302)
    await context.gateway.restart()
  })
})

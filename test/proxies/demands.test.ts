import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { navigationHeaders } from '../support/proxies/ask.ts'
import { type ProtectedApp, startProtectedApp } from '../support/proxies/protected-app.ts'
import { describeBehind, type Places, type ProxyName } from '../support/proxies/proxy-process.ts'
import { signInForSession } from '../support/signed-in.ts'

const proxies: readonly ProxyName[] = ['nginx', 'caddy']

/** What the files say to write where an app demands more. */
function demanding(name: ProxyName, demands: string): Places['changes'] {
  if (name === 'caddy') return [['uri /auth/verify/caddy?', `uri /auth/verify/caddy?${demands}`]]
  const location = `location /reports/ {\n        auth_request "/_keydesk?${demands}";\n        proxy_pass http://app;\n    }`
  return [['    # Callers of an API', `    ${location}\n\n    # Callers of an API`]]
}

describeBehind(proxies, 'what the configuration of a proxy demands', () => {
  describe.each(proxies)('%s', (name) => {
    let it: ProtectedApp
    beforeAll(async () => {
      it = await startProtectedApp(name, { changes: demanding(name, 'scope=reports.read&scope=builds.read') })
    })
    afterAll(() => it?.close())

    test('a scope is demanded of every key, on top of what the request says', async () => {
      const enough = await it.desk.mint({ scopes: ['reports.read', 'builds.read'] })
      const tooLittle = await it.desk.mint({ scopes: ['reports.read'] })
      await it.reach('/reports/1?scope=none', { headers: [['X-API-Key', enough]] })
      for (const target of ['/reports/1', '/reports/1?scope=reports.read', '/reports/?scope=']) {
        const refused = await it.ask(target, { headers: [['X-API-Key', tooLittle]] })
        expect([refused.status, JSON.parse(refused.body).code]).toEqual([403, 'insufficient_scope'])
      }
      expect(it.app.received.length).toBe(1)
    })

    test('a session carries no scopes: it is refused, and nobody is sent to sign in again', async () => {
      const { appSecret } = await signInForSession(it, 'alice@example.com')
      const refused = await it.ask('/reports/1', {
        headers: [...navigationHeaders, ['Cookie', `__Secure-keydesk-app=${appSecret}`]],
      })
      expect([refused.status, refused.headers.location]).toEqual([403, undefined])
    })

    test('without a credential a page leads to signing in as before', async () => {
      const sent = await it.ask('/reports/1?x=1', { headers: navigationHeaders })
      expect(sent.status).toBe(302)
      expect(new URL(String(sent.headers.location)).searchParams.get('return_to')).toBe(
        `${it.appUrl}/reports/1?x=1`,
      )
    })
  })

  test.each(proxies)('%s denies by a demand that Keydesk does not know', async (name) => {
    const it = await startProtectedApp(name, { changes: demanding(name, 'scopes=reports.read') })
    try {
      const key = await it.desk.mint({ scopes: ['reports.read'] })
      const refused = await it.ask('/reports/1', { headers: [['X-API-Key', key]] })
      expect(refused.status).toBeGreaterThanOrEqual(400)
      expect(it.app.received).toEqual([])
    } finally {
      await it.close()
    }
  })
})

describeBehind(['nginx'], 'an API location of nginx', () => {
  let it: ProtectedApp
  beforeAll(async () => {
    it = await startProtectedApp('nginx')
  })
  afterAll(() => it?.close())

  test('answers a plain 401 to a browser too, and lets a key through', async () => {
    const refused = await it.ask('/api/items', { headers: navigationHeaders })
    expect([refused.status, refused.headers.location]).toEqual([401, undefined])
    expect(refused.headers['www-authenticate']).toBeDefined()
    const key = await it.desk.mint()
    expect((await it.reach('/api/items', { headers: [['X-API-Key', key]] })).target).toBe('/api/items')
  })

  test('the way by which nginx asks is closed to clients', async () => {
    const key = await it.desk.mint()
    for (const target of ['/_keydesk', '/_keydesk?scope=x', '/_keydesk%3Fscope=x']) {
      expect((await it.ask(target, { headers: [['X-API-Key', key]] })).status).toBe(404)
    }
  })
})

describeBehind(['nginx'], 'locations of the app that reach further than others', () => {
  const plain = '    location / {\n        proxy_pass http://app;'
  const included = '    include /'
  test.each([
    ['^~ /', [[plain, plain.replace('location /', 'location ^~ /')]]],
    ['a pattern before ours', [[included, `    location ~ ^/ { proxy_pass http://app; }\n${included}`]]],
  ] as const)('%s: the app never answers in the place of Keydesk', async (_, changes) => {
    const it = await startProtectedApp('nginx', { changes })
    try {
      for (const target of ['/', '/reports', '/_keydesk', '/_keydesk%3Fscope=x', '/_keydesk/x'])
        expect((await it.ask(target)).status, target).toBeGreaterThanOrEqual(401)
      expect(it.app.received).toEqual([])
      const key = await it.desk.mint()
      expect((await it.reach('/reports', { headers: [['X-API-Key', key]] })).target).toBe('/reports')
    } finally {
      await it.close()
    }
  })
})

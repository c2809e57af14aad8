import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idOf } from '../support/desk.ts'
import { navigationHeaders, webSocketHeaders } from '../support/proxies/ask.ts'
import { asAppsRead } from '../support/proxies/echo-app.ts'
import { type ProtectedApp, startProtectedApp } from '../support/proxies/protected-app.ts'
import { describeBehind, type ProxyName } from '../support/proxies/proxy-process.ts'

describeBehind(['nginx', 'caddy'], 'a credential that is shown to a proxy', () => {
  describe.each<ProxyName>(['nginx', 'caddy'])('%s', (name) => {
    let it: ProtectedApp
    let key: string
    beforeAll(async () => {
      it = await startProtectedApp(name)
      key = await it.desk.mint({ scopes: ['reports.read'] })
    })
    afterAll(() => it?.close())

    const withKey = (value = key) => ['X-API-Key', value] as const

    test('a good key reaches the app, with every identity header and without the key', async () => {
      const got = await it.reach('/report', { headers: [withKey()] })
      const header = (short: string) => asAppsRead(got, `X-Auth-Request-${short}`)
      expect(header('User')).toEqual([it.desk.userId])
      expect(header('Email')).toEqual([`${it.desk.userId}@desk.test`])
      expect(header('Name')).toEqual(['Dana Desk'])
      expect(header('Role')).toEqual(['member'])
      expect(header('Method')).toEqual(['key'])
      expect(header('Key-Id')).toEqual([idOf(key)])
      expect(header('Scopes')).toEqual(['reports.read'])
      expect(header('Jwt')[0]).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
      expect(header('Groups').join('')).toBe('')
      expect(JSON.stringify(got)).not.toContain(key)
    })

    test('a key sent as a bearer reaches the app no more than one in X-API-Key', async () => {
      for (const scheme of ['Bearer ', 'bearer ', 'BEARER  ']) {
        const got = await it.reach('/', { headers: [['Authorization', scheme + key]] })
        expect(asAppsRead(got, 'X-Auth-Request-Method')).toEqual(['key'])
        expect(asAppsRead(got, 'Authorization').join('')).toBe('')
        expect(JSON.stringify(got)).not.toContain(key)
      }
    })

    test('an Authorization of the app itself passes, beside a key', async () => {
      for (const own of ['Basic YWxpY2U6c2VjcmV0', 'Bearer of-the-app', 'Digest username="alice"']) {
        const got = await it.reach('/', { headers: [withKey(), ['Authorization', own]] })
        expect(asAppsRead(got, 'Authorization')).toEqual([own])
      }
    })

    test('the JWT that the app is given opens that app again, and says so', async () => {
      const [jwt = ''] = asAppsRead(await it.reach('/', { headers: [withKey()] }), 'X-Auth-Request-Jwt')
      const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
      expect(claims).toMatchObject({ iss: it.keysUrl, aud: it.appUrl, sub: it.desk.userId })
      const got = await it.reach('/', { headers: [['Authorization', `Bearer ${jwt}`]] })
      expect(asAppsRead(got, 'X-Auth-Request-Method')).toEqual(['jwt'])
      expect(asAppsRead(got, 'X-Auth-Request-User')).toEqual([it.desk.userId])
      expect(asAppsRead(got, 'Authorization')).toEqual([`Bearer ${jwt}`])
      const changed = `${jwt.slice(0, -6)}${jwt.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`
      const refused = await it.ask('/', {
        headers: [...navigationHeaders, ['Authorization', `Bearer ${changed}`]],
      })
      expect([refused.status, refused.headers.location]).toEqual([401, undefined])
    })

    test('a bad key is 401 with a challenge and never a way to sign in, not even for a browser', async () => {
      const before = it.app.received.length
      for (const value of ['', 'kd_nonsense', `${key}x`, key.slice(0, -1)]) {
        const refused = await it.ask('/', { headers: [...navigationHeaders, withKey(value)] })
        expect(refused.status, value).toBe(401)
        expect(refused.headers.location).toBeUndefined()
        expect(refused.headers['www-authenticate']).toBeDefined()
        expect(refused.headers['set-cookie']).toBeUndefined()
        expect(refused.headers['content-type']).toBe('application/problem+json')
        expect(JSON.parse(refused.body)).toMatchObject({
          status: 401,
          request_id: expect.stringMatching(/./),
        })
      }
      expect(it.app.received.length).toBe(before)
    })

    test('a revoked key is refused on the next request, by its name', async () => {
      const other = await it.desk.mint()
      await it.reach('/', { headers: [withKey(other)] })
      await it.desk.revoke(other)
      const refused = await it.ask('/', { headers: [withKey(other)] })
      expect([refused.status, JSON.parse(refused.body).code]).toEqual([401, 'revoked_key'])
    })

    test('programs without a credential get a plain 401: XHR, fetch, JSON, curl', async () => {
      const programs = [
        [
          ['X-Requested-With', 'XMLHttpRequest'],
          ['Accept', 'text/html'],
        ],
        [
          ['Sec-Fetch-Mode', 'cors'],
          ['Accept', 'text/html'],
        ],
        [['Accept', 'application/json']],
        [['Accept', '*/*']],
        [],
      ] as const
      const before = it.app.received.length
      for (const headers of programs) {
        const refused = await it.ask('/data?x=1', { headers })
        expect([refused.status, refused.headers.location, refused.headers['set-cookie']]).toEqual([
          401,
          undefined,
          undefined,
        ])
        expect(refused.headers['www-authenticate']).toBeDefined()
        expect(refused.headers['content-type']).toBe('application/problem+json')
      }
      expect(it.app.received.length).toBe(before)
    })

    test('somebody who opens a page is sent to sign in, and back to the very URL', async () => {
      const target = '/a%20b/%C3%BC?x=1&y=%2B%23&z='
      const sent = await it.ask(target, { headers: navigationHeaders })
      expect(sent.status).toBe(302)
      const location = new URL(String(sent.headers.location))
      expect(location.origin + location.pathname).toBe(`${it.keysUrl}/auth/login`)
      expect(location.searchParams.get('return_to')).toBe(it.appUrl + target)
      expect(sent.headers['cache-control']).toContain('no-store')
    })

    test('a WebSocket is shaken hands with by key, and refused without, before the app knows of it', async () => {
      const before = it.app.received.length
      const refused = await it.ask('/stream', { headers: webSocketHeaders })
      expect([refused.status, refused.headers.location]).toEqual([401, undefined])
      const bad = await it.ask('/stream', { headers: [...webSocketHeaders, withKey('kd_nonsense')] })
      expect(bad.status).toBe(401)
      expect(it.app.received.length).toBe(before)
      const open = await it.ask('/stream', { headers: [...webSocketHeaders, withKey()] })
      expect([open.status, open.headers['sec-websocket-accept']]).toEqual([
        101,
        's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      ])
      expect(asAppsRead(it.app.received.at(-1)!, 'X-Auth-Request-User')).toEqual([it.desk.userId])
    })
  })
})

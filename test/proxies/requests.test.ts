import { createHash, randomBytes } from 'node:crypto'
import { Agent } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askInBytes } from '../support/proxies/ask.ts'
import { asAppsRead } from '../support/proxies/echo-app.ts'
import { type ProtectedApp, startProtectedApp } from '../support/proxies/protected-app.ts'
import { describeBehind, type ProxyName } from '../support/proxies/proxy-process.ts'

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

describeBehind(['nginx', 'caddy'], 'a request through a proxy', () => {
  describe.each<ProxyName>(['nginx', 'caddy'])('%s', (name) => {
    let it: ProtectedApp
    let key: string
    let withKey: readonly [string, string]
    beforeAll(async () => {
      it = await startProtectedApp(name)
      key = await it.desk.mint()
      withKey = ['X-API-Key', key]
    })
    afterAll(() => it?.close())

    test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
      'the body of a %s reaches the app whole',
      async (method) => {
        for (const size of [0, 1, 70_000, 900_000]) {
          const body = randomBytes(size)
          const got = await it.reach('/upload', { method, body, headers: [withKey] })
          expect([got.method, got.bytes, got.sha256]).toEqual([method, size, sha256(body)])
        }
      },
    )

    test('a body of unknown length reaches the app whole too', async () => {
      const before = it.app.received.length
      const answer = await askInBytes(
        it.port,
        `POST /upload HTTP/1.1\r\nHost: app.corp.test\r\nX-API-Key: ${key}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      expect(it.app.received.slice(before)).toMatchObject([{ bytes: 11, sha256: sha256('hello world') }])
    })

    test('a body is not read before the request is allowed', async () => {
      const refused = await it.ask('/upload', { method: 'POST', body: 'x'.repeat(500_000), headers: [] })
      expect(refused.status).toBe(401)
      expect(it.app.received.every(({ bytes }) => bytes !== 500_000)).toBe(true)
    })

    test.each([
      '/a%2Fb//c?x=1&y=%2B%23&z',
      '/%C3%BC?q=%f0%9f%94%91',
      '/?a=b?c=d',
      '/x?&&&',
      '/dot/./and/../up?raw',
    ])('the target %s reaches the app as it was sent', async (target) => {
      expect((await it.reach(target, { headers: [withKey] })).target).toBe(target)
    })

    test('what stands in the query is the app’s, whatever it is called', async () => {
      const target = '/?scope=admin&group=root&target=/elsewhere&unknown=1'
      expect((await it.reach(target, { headers: [withKey] })).target).toBe(target)
    })

    test('long headers go through, and longer ones are refused', async () => {
      const long = 'x'.repeat(6000)
      const got = await it.reach('/', { headers: [withKey, ['Cookie', `theme=${long}`]] })
      expect(asAppsRead(got, 'Cookie')).toEqual([`theme=${long}`])
      const before = it.app.received.length
      const many = Array.from({ length: 6 }, (_, at) => [`X-Long-${at}`, long] as const)
      const refused = await it.ask('/', { headers: [withKey, ...many] })
      expect(refused.status).toBeGreaterThanOrEqual(400)
      expect(it.app.received.length).toBe(before)
    })

    test('each request of a kept connection is judged by itself', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      try {
        for (let round = 0; round < 5; round += 1) {
          const good = await it.ask('/', { agent, headers: [withKey] })
          const bad = await it.ask('/', { agent, headers: [['X-API-Key', 'kd_nonsense']] })
          const none = await it.ask('/', { agent })
          expect([good.status, bad.status, none.status]).toEqual([200, 401, 401])
        }
      } finally {
        agent.destroy()
      }
    })

    test.each(['APP.corp.test', 'app.corp.test:1', 'App.Corp.Test:8443'])(
      'by the name %s the same app is asked for',
      async (host) => {
        const got = await it.reach('/', { headers: [withKey, ['Host', host]] })
        const [jwt = ''] = asAppsRead(got, 'X-Auth-Request-Jwt')
        expect(JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).aud).toBe(it.appUrl)
      },
    )

    test.each(['elsewhere.corp.test', 'corp.test', '127.0.0.1', 'app.corp.test.evil.test', ''])(
      'by the name "%s" no app is reached',
      async (host) => {
        const before = it.app.received.length
        const answer = await it.ask('/', { headers: [withKey, ['Host', host]] }).catch(() => ({ body: '' }))
        expect(answer.body).not.toContain('target')
        expect(it.app.received.length).toBe(before)
      },
    )

    test('a trailing dot after the name reaches the same app, or none', async () => {
      const before = it.app.received.length
      await it.ask('/', { headers: [['Host', 'app.corp.test.']] })
      expect(it.app.received.length).toBe(before)
      await it.ask('/', { headers: [withKey, ['Host', 'app.corp.test.']] })
      for (const received of it.app.received.slice(before))
        expect(asAppsRead(received, 'X-Auth-Request-User')).toEqual([it.desk.userId])
    })

    test('a request in absolute form is judged by the app that it reaches', async () => {
      const absolute = (host: string) => `${it.appUrl}/whole?x=1`.replace('app.corp.test', host)
      const got = await it.reach(absolute('app.corp.test'), {
        headers: [withKey, ['Host', 'elsewhere.corp.test']],
      })
      expect(got.target).toBe('/whole?x=1')
      const [jwt = ''] = asAppsRead(got, 'X-Auth-Request-Jwt')
      expect(JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).aud).toBe(it.appUrl)
      const refused = await it.ask(absolute('app.corp.test'), { headers: [['Host', 'app.corp.test']] })
      expect(refused.status).toBe(401)
    })

    test('HTTP/1.0 is judged like any other', async () => {
      const head = 'GET /old HTTP/1.0\r\nHost: app.corp.test\r\n'
      expect(await askInBytes(it.port, `${head}\r\n`)).toMatch(/^HTTP\/1\.[01] 401 /)
      expect(await askInBytes(it.port, `${head}X-API-Key: ${key}\r\n\r\n`)).toMatch(/^HTTP\/1\.[01] 200 /)
    })

    test('a key in the query of the app is refused, and reaches nobody', async () => {
      const before = it.app.received.length
      const refused = await it.ask(`/?api_key=${key}`, { headers: [] })
      expect(refused.status).toBe(401)
      expect(it.app.received.length).toBe(before)
    })
  })
})

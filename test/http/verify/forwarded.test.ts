import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callOf, proxies, refusalOf, send, withKey, withSession } from '../../support/verify.ts'
import { startVerifyContext, type VerifyContext } from './verify-context.ts'

let context: VerifyContext
let key: string
let secret: string
beforeAll(async () => {
  context = await startVerifyContext()
  key = await context.desk.mint()
  secret = (await context.session()).secret
})
afterAll(() => context?.close())

const garbage: (string | Buffer)[] = [
  '',
  "' OR '1'='1",
  '"',
  '\\',
  '/',
  '//',
  '*',
  '<script>',
  '%00%0d%0a',
  ',,,',
  ';;=;',
  'é🔑',
  'https://',
  'https://app.example.com',
  'https://a@app.example.com/',
  'https://app.example.com,/x',
  '[',
  'a'.repeat(9000),
  Buffer.from([0xff, 0xfe, 0x80]),
  '\t',
]

describe.each(proxies)('what %s has to say of the request', (proxy) => {
  const denied = proxy === 'nginx' ? [403, 'invalid_request'] : [400, 'invalid_request']
  const told = callOf(proxy, {}).headers.filter(([name]) => name !== 'X-Forwarded-For')

  test.each(told.map(([name]) => name))(
    '%s: missing, doubled or garbage denies, whoever asks',
    async (name) => {
      for (const shown of [withKey(key), withSession(secret), []]) {
        const { path, headers } = callOf(proxy, { headers: shown })
        const without = headers.filter(([own]) => own !== name)
        const own = headers.filter(([own]) => own === name)
        // Without a Host there is no request: that is refused before anybody reads a path.
        const isHost = name === 'Host'
        if (!isHost)
          expect(refusalOf(await send(context.gateway, { path, headers: without }))).toEqual(denied)
        const doubled = await send(context.gateway, { path, headers: [...headers, ...own] })
        expect(isHost ? doubled.status : refusalOf(doubled)).toEqual(isHost ? 400 : denied)
        for (const value of garbage) {
          const answer = await send(context.gateway, { path, headers: [...without, [name, value]] })
          const what = `${name}: ${String(value).slice(0, 40)}`
          // A word may be a host, or a method; it never opens anything that the right one would not.
          const isWord =
            name === 'X-Original-Method' || name === 'X-Forwarded-Method' || /Uri$|Host$/.test(name)
          expect(isWord ? [200, 400, 401, 403] : [400, 403], what).toContain(answer.status)
          if (answer.status === 200) expect(String(value), what).toMatch(/^[!-~é🔑/a]+$/u)
        }
      }
    },
  )

  test('names with underscores, and what other proxies say, count for nothing', async () => {
    const { path, headers } = callOf(proxy, { headers: withKey(key) })
    const renamed = headers.map(([name, value]) => {
      const isTold = told.some(([own]) => own === name) && name !== 'Host'
      return [isTold ? name.replaceAll('-', '_') : name, value] as const
    })
    if (proxy !== 'envoy')
      expect(refusalOf(await send(context.gateway, { path, headers: renamed }))).toEqual(denied)
    const strangers = [
      ['Forwarded', 'host=evil.test;proto=http'],
      ['X-Forwarded_Host', 'evil.test'],
      ['X_Forwarded_Host', 'evil.test'],
      ['X-Forwarded-Server', 'evil.test'],
      ['X-Original-URI', '/evil'],
      ['X-Rewrite-URL', '/evil'],
    ] as const
    const answer = await send(context.gateway, { path, headers: [...headers, ...strangers] })
    expect(answer.status).toBe(200)
    const jwt = answer.headers['x-auth-request-jwt'] ?? ''
    const { aud } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
    expect(aud).toBe('https://app.example.com')
  })

  test('a client’s address that is none denies', async () => {
    for (const client of ['garbage', '192.0.2.1, x', '1.2.3', 'unknown', '_hidden', ',', '999.1.1.1'])
      expect(refusalOf(await context.ask(proxy, { client, headers: withKey(key) })), client).toEqual(denied)
    for (const client of ['192.0.2.1', '2001:db8::1', '198.51.100.1, 192.0.2.1', '', null])
      expect((await context.ask(proxy, { client, headers: withKey(key) })).status, `${client}`).toBe(200)
  })

  test('a parameter that nobody knows denies, and so does what is no scope or group', async () => {
    const bad = [
      'x=1',
      'Scope=a',
      'scope[]=a',
      'constructor=1',
      '__proto__=1',
      'scope=%00',
      'group=A%20B',
      'scope=',
    ]
    for (const demands of bad) {
      const answer = await context.ask(proxy, { demands, headers: withKey(key) })
      expect(refusalOf(answer), demands).toEqual(denied)
    }
    const many = Array.from({ length: 65 }, (_, n) => `scope=s${n}`).join('&')
    expect(refusalOf(await context.ask(proxy, { demands: many, headers: withKey(key) }))).toEqual(denied)
  })

  test('another spelling of our path is not this path', async () => {
    const { path, headers } = callOf(proxy, { headers: withKey(key) })
    const name = `/auth/verify/${proxy}`
    for (const other of [`/${path}`, path.replace('verify', 'Verify'), path.replace(name, `${name}x`)]) {
      const answer = await send(context.gateway, { path: other, headers })
      expect(answer.status, other).toBe(404)
    }
    const absolute = await send(context.gateway, { path: `http://a.test${path}`, headers })
    expect(absolute.status).toBeGreaterThanOrEqual(400)
  })

  test('a body is not read, of whatever kind and size', async () => {
    const call = callOf(proxy, { method: 'POST', headers: [...withKey(key), ['Content-Type', 'text/x']] })
    const answer = await send(context.gateway, { ...call, body: 'x'.repeat(200_000) })
    expect(answer.status).toBe(200)
  })
})

test('what came over plain http is refused where Keydesk is on https', async () => {
  const secure = await startVerifyContext({
    AUTH_BASE_URL: 'https://keys.example.com',
    ALLOWED_DOMAINS: 'desk.test',
  })
  try {
    const good = await secure.desk.mint()
    for (const proxy of proxies) {
      const plain = await secure.ask(proxy, { scheme: 'http', headers: withKey(good) })
      expect(refusalOf(plain), proxy).toEqual([403, 'forbidden'])
      expect((await secure.ask(proxy, { headers: withKey(good) })).status, proxy).toBe(200)
    }
    // The origin is written into its configuration: how the request came is said apart from it.
    const cameBy = (scheme: string) =>
      secure.ask('nginx', { headers: [...withKey(good), ['X-Forwarded-Proto', scheme]] })
    expect(refusalOf(await cameBy('http'))).toEqual([403, 'forbidden'])
    expect((await cameBy('https')).status).toBe(200)
  } finally {
    await secure.close()
  }
})

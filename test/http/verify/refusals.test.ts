import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  app,
  byBrowser,
  callOf,
  otherProxies,
  proxies,
  refusalOf,
  send,
  withBearer,
  withKey,
  withSession,
} from '../../support/verify.ts'
import { startVerifyContext, type VerifyContext } from './verify-context.ts'

describe.each(proxies)('what is refused, in the form of %s', (proxy) => {
  const isNginx = proxy === 'nginx'
  let context: VerifyContext
  beforeAll(async () => {
    context = await startVerifyContext({ FAILURE_RATE_LIMIT: '4/60s' })
  })
  afterAll(() => context?.close())

  test('failing credentials of an address are limited, good ones are not, nor those of others', async () => {
    const key = await context.desk.mint({ scopes: ['a'] })
    const client = '192.0.2.99'
    const fail = (headers = withKey('kd_x')) => context.ask(proxy, { client, headers })
    for (let n = 0; n < 4; n += 1) expect((await fail()).status).toBe(401)
    const limited = [isNginx ? 403 : 429, 'rate_limited']
    for (const headers of [withKey('kd_x'), withBearer('kd_x'), [...withKey(key), ...withBearer(key)]]) {
      const answer = await fail(headers)
      expect(refusalOf(answer)).toEqual(limited)
      const retry = isNginx ? 'x-auth-retry-after' : 'retry-after'
      expect(Number(answer.headers[retry])).toBeGreaterThan(0)
      expect(answer.headers).not.toHaveProperty(isNginx ? 'retry-after' : 'x-auth-retry-after')
    }
    expect((await fail(withKey(key))).status).toBe(200)
    const lacking = await context.ask(proxy, { client, demands: 'scope=b', headers: withKey(key) })
    expect(refusalOf(lacking)).toEqual([403, 'insufficient_scope'])
    expect((await fail([])).status).toBe(401)
    const elsewhere = await context.ask(proxy, { client: '192.0.2.98', headers: withKey('kd_x') })
    expect(elsewhere.status).toBe(401)
  })

  test('a key past its own limit says so, and a JWT of it too', async () => {
    const key = await context.desk.mint({ rate_limit: { limit: 2, window_seconds: 60 } })
    const jwt = await context.jwtFor(key)
    expect((await context.ask(proxy, { headers: withKey(key) })).status).toBe(200)
    for (const headers of [withKey(key), withBearer(jwt)]) {
      const answer = await context.ask(proxy, { headers })
      expect(refusalOf(answer)).toEqual([isNginx ? 403 : 429, 'rate_limited'])
      expect(answer.headers.ratelimit).toMatch(/^"key";r=0;t=\d+$/)
    }
  })

  test('who is signed in and shut out gets 403, never 401, which would lead in a circle', async () => {
    const { secret } = await context.session('ada@example.com')
    const rows = await context.gateway.database.rows("SELECT id FROM users WHERE email = 'ada@example.com'")
    await context.desk.sql("UPDATE users SET status = 'disabled' WHERE id = ?", rows[0].id)
    for (const headers of [withSession(secret), [...withSession(secret), ...byBrowser]]) {
      const answer = await context.ask(proxy, { headers })
      expect([answer.status, answer.headers['x-auth-error']]).toEqual([403, 'not_allowed'])
      expect(answer.headers).not.toHaveProperty('location')
    }
    await context.desk.sql("UPDATE users SET status = 'active' WHERE id = ?", rows[0].id)
  })

  // The last one: a database takes a while to be itself again.
  test('a failure of ours is never a pass, for nobody', async () => {
    const key = await context.desk.mint()
    const jwt = await context.jwtFor(key)
    const { secret } = await context.session()
    const shown = [withKey(key), withBearer(jwt), withSession(secret), [...withSession(secret), ...byBrowser]]
    for (const headers of shown) expect((await context.ask(proxy, { headers })).status).toBe(200)
    const mend = await context.gateway.database.breakDown()
    try {
      // A replica trusts its memory for two seconds; then for nothing.
      await vi.waitFor(
        async () => expect((await context.ask(proxy, { headers: withKey(key) })).status).not.toBe(200),
        { timeout: 10_000 },
      )
      for (const headers of shown) {
        const answer = await context.ask(proxy, { headers })
        expect([answer.status, answer.headers['x-auth-error']]).toEqual([isNginx ? 403 : 503, 'unavailable'])
        expect(Number(answer.headers[isNginx ? 'x-auth-retry-after' : 'retry-after'])).toBeGreaterThan(0)
        expect(answer.headers).not.toHaveProperty('x-auth-request-user')
      }
      // Who shows nothing needs no database to be refused.
      expect((await context.ask(proxy, {})).status).toBe(401)
    } finally {
      await mend()
    }
  })
})

describe('who may ask', () => {
  test('only the proxies of TRUSTED_PROXIES: others are 403, and one line says so once', async () => {
    const stranger = await startVerifyContext({ TRUSTED_PROXIES: '192.0.2.1' })
    try {
      const key = await stranger.desk.mint()
      for (const proxy of proxies) {
        for (const headers of [
          withKey(key),
          [],
          [['Accept', 'text/html']] as const,
          [['X-Forwarded-For', 'x']] as const,
        ])
          expect(refusalOf(await stranger.ask(proxy, { headers }))).toEqual([403, 'forbidden'])
        const bare = await send(stranger.gateway, { path: callOf(proxy).path, headers: [] })
        expect(refusalOf(bare)).toEqual([403, 'forbidden'])
      }
      const lines = stranger.gateway.log.filter((line) => line.includes('/auth/verify'))
      expect(lines).toHaveLength(1)
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, address: '127.0.0.1' })
    } finally {
      await stranger.close()
    }
  })
})

describe('the page that a person gets under the host of the app', () => {
  let context: VerifyContext
  let secret: string
  beforeAll(async () => {
    context = await startVerifyContext({ ADMIN_CONTACT: 'desk@example.com' })
    secret = (await context.session()).secret
    await context.addApp({ groups: ['ops'] })
  })
  afterAll(() => context?.close())

  test.each(otherProxies)(
    '%s: says who is signed in, how to be somebody else, and whom to ask',
    async (proxy) => {
      const headers = [...withSession(secret), ...byBrowser]
      const answer = await context.ask(proxy, { target: '/a?b=c', headers })
      expect([answer.status, answer.headers['x-auth-error']]).toEqual([403, 'forbidden'])
      expect(answer.headers['content-type']).toBe('text/html; charset=UTF-8')
      expect(answer.body).toContain('You are signed in as <strong>alice@example.com</strong>')
      const back = encodeURIComponent(`${app}/a?b=c`)
      const other = `${context.gateway.url}/auth/login?return_to=${back}&amp;choose_account=true`
      expect(answer.body).toContain(`href="${other}"`)
      expect(answer.body).toContain('href="mailto:desk@example.com"')
      expect(answer.body).toContain(answer.headers['x-request-id'])
    },
  )

  test('offers no other account where none would help', async () => {
    await context.withApps([{ host: 'paths.example.com', path_prefixes: ['/open'] }], async () => {
      const headers = [...withSession(secret), ...byBrowser]
      const answer = await context.ask('caddy', { host: 'paths.example.com', target: '/closed', headers })
      expect(answer.status).toBe(403)
      expect(answer.body).toContain('Another account would not help')
      expect(answer.body).not.toContain('choose_account')
    })
  })

  test('can be found in the log, each time, with the reason', async () => {
    for (let n = 0; n < 12; n += 1) {
      const answer = await context.ask('caddy', { headers: [...withSession(secret), ...byBrowser] })
      const id = answer.headers['x-request-id'] ?? ''
      const line = context.gateway.log.find((one) => one.includes(id))
      expect(JSON.parse(line ?? '{}')).toMatchObject({ status: 403, code: 'forbidden', why: 'group' })
    }
  })

  test('has all that it needs from our origin, and may have it from there', async () => {
    const answer = await context.ask('caddy', { headers: [...withSession(secret), ...byBrowser] })
    const { url } = context.gateway
    const policy = answer.headers['content-security-policy'] ?? ''
    expect(policy).toBe(
      `default-src 'none'; style-src ${url}; img-src ${url}; form-action 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'`,
    )
    expect(answer.body).not.toMatch(/<script|<form|<style|\sstyle=/)
    const links = [...answer.body.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target]) => target ?? '')
    for (const target of links.filter((each) => !/^(#|mailto:)/.test(each)))
      expect(target.startsWith(`${url}/`), target).toBe(true)
    for (const asset of links.filter((each) => each.includes('/assets/'))) {
      const { status, headers } = await context.gateway.fetch(new URL(asset).pathname)
      expect([status, headers.get('cross-origin-resource-policy')]).toEqual([200, 'cross-origin'])
    }
    expect(links.filter((each) => each.includes('/assets/'))).toHaveLength(2)
  })

  test('is for browsers alone: a program, a key and nginx get a problem', async () => {
    const key = await context.desk.mint()
    for (const [proxy, headers] of [
      ['caddy', withSession(secret)],
      ['caddy', [...withSession(secret), ['Sec-Fetch-Mode', 'cors'], ['Accept', 'text/html']]],
      ['envoy', [...withKey(key), ...byBrowser]],
      ['nginx', [...withSession(secret), ...byBrowser]],
    ] as const) {
      const answer = await context.ask(proxy, { headers })
      expect(refusalOf(answer)).toEqual([403, 'forbidden'])
      expect(answer.headers['content-type']).toBe('application/problem+json')
    }
  })
})

describe('what is written down', () => {
  test('is one line an answer, which names the route and no secret; a flood leaves a handful', async () => {
    const context = await startVerifyContext()
    try {
      const key = await context.desk.mint()
      await context.ask('caddy', { headers: withKey(key), target: '/secret-path?token=hush' })
      for (let n = 0; n < 40; n += 1) await context.ask('traefik', { headers: withKey(`${key}x`) })
      const lines = context.gateway.log.filter((line) => line.includes('/auth/verify/'))
      expect(lines.filter((line) => line.includes('traefik')).length).toBeLessThanOrEqual(8)
      expect(lines.join('')).not.toMatch(/secret-path|hush/)
      expect(context.gateway.log.join('')).not.toContain(key)
    } finally {
      await context.close()
    }
  })

  test('is once for each host that no session cookie reaches, to which a sign-in leads in a circle', async () => {
    const context = await startVerifyContext({ RETURN_TO_ORIGINS: `${app},http://localhost:8080` })
    try {
      for (let n = 0; n < 3; n += 1) await context.ask('caddy', { target: `/${n}`, headers: byBrowser })
      await context.ask('nginx', { headers: byBrowser })
      await context.ask('caddy', { scheme: 'http', host: 'localhost:8080', headers: byBrowser })
      await context.ask('caddy', { host: 'api.example.com' })
      const lines = context.gateway.log.filter((line) => line.includes('COOKIE_DOMAIN'))
      expect(lines).toHaveLength(1)
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, host: 'app.example.com' })
    } finally {
      await context.close()
    }
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { type AppDependencies, createApp } from '../../src/http/app.ts'
import {
  expectContract,
  type NegativeContext,
  negativeBodiesAndHeaders,
  negativeSuite,
  type RouteEntry,
  sendBytes,
  sendRaw,
} from '../support/negative-suite.ts'
import { keyFor, startSignInGateway } from '../support/sign-in.ts'

const metricsToken = 'q8Zr5Wb2Lx7Vt0Ky3Hn6'
const settings = { METRICS_TOKEN: metricsToken, FAILURE_RATE_LIMIT: 'off', AUTH_RATE_LIMIT: 'off' }

/** Every route as the app itself registers it, with all that is optional turned on. */
function registeredRoutes(): string[] {
  const config = readConfig({
    ...settings,
    AUTH_BASE_URL: 'http://localhost:3000',
    PROXY_MASTER_KEY: '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8',
  })
  // Registering a route asks nothing of what the route will use.
  const anything: any = new Proxy(() => anything, {
    get: (_, member) => (member === Symbol.toPrimitive ? () => 'anything' : anything),
  })
  const given: Record<string, unknown> = {
    config,
    settled: { rules: [], admins: [], isOpenWithoutRules: false },
    signIn: { providers: [], beginSignIn: anything, finishSignIn: anything },
  }
  const dependencies = new Proxy({}, { get: (_, member) => given[String(member)] ?? anything })
  return createApp(dependencies as AppDependencies)
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)
}

const unknownIds = [
  '000000000000',
  "'%20OR%201=1%20--",
  '%F0%9F%94%91',
  '%00',
  'a%2Fb',
  '..%2Fusers',
  'x'.repeat(200),
  '%22',
  '*',
]
const ignored = { once: [], others: 'ignored' } as const
const page = ['limit', 'cursor']
const asset = { status: 200, credential: 'none', query: ignored, body: 'unread' } as const
const admin = { credential: 'master', body: 'unread' } as const

/** One entry for every route; a route without one fails below. Assets are named by their content. */
const assets: RouteEntry[] = registeredRoutes()
  .filter((route) => route.startsWith('GET /assets/'))
  .map((route) => ({ ...asset, route, path: route.slice(4) }))
const entries: RouteEntry[] = [
  ...assets,
  { ...asset, route: 'GET /', path: '/' },
  { ...asset, route: 'GET /healthz', path: '/healthz' },
  { ...asset, route: 'GET /readyz', path: '/readyz' },
  { ...asset, route: 'GET /metrics', path: '/metrics', credential: 'metrics' },
  {
    ...asset,
    route: 'GET /auth/login',
    path: '/auth/login',
    status: 302,
    query: { once: [], others: 'refused' },
  },
  // Providers add parameters of their own to a callback.
  {
    ...asset,
    route: 'GET /auth/callback',
    path: '/auth/callback',
    status: 400,
    query: { once: ['state', 'code', 'error', 'iss'], others: 'ignored' },
  },
  {
    route: 'GET /v1/validate',
    path: '/v1/validate',
    status: 200,
    credential: 'key',
    query: { once: [], others: 'refused' },
    body: 'unread',
  },
  {
    route: 'POST /v1/validate',
    path: '/v1/validate',
    status: 200,
    credential: 'key',
    query: { once: [], others: 'refused' },
    body: 'refused',
  },
  {
    ...admin,
    route: 'GET /admin/users',
    path: '/admin/users',
    status: 200,
    query: { once: page, others: 'refused' },
  },
  {
    ...admin,
    route: 'GET /admin/users/:id',
    path: '/admin/users/usr_x',
    status: 404,
    query: { once: [], others: 'refused' },
    unknownObjects: unknownIds.map((id) => `/admin/users/${id}`),
  },
  {
    ...admin,
    route: 'GET /admin/keys',
    path: '/admin/keys',
    status: 200,
    query: { once: [...page, 'user_id', 'status'], others: 'refused' },
  },
  {
    ...admin,
    route: 'GET /admin/keys/:id',
    path: '/admin/keys/k',
    status: 404,
    query: { once: [], others: 'refused' },
    unknownObjects: unknownIds.map((id) => `/admin/keys/${id}`),
  },
  {
    ...admin,
    route: 'POST /admin/keys',
    path: '/admin/keys',
    status: 400,
    query: { once: [], others: 'refused' },
    body: 'json',
  },
  {
    ...admin,
    route: 'DELETE /admin/keys/:id',
    path: '/admin/keys/k',
    status: 404,
    query: { once: [], others: 'refused' },
    unknownObjects: unknownIds.map((id) => `/admin/keys/${id}`),
  },
  {
    ...admin,
    route: 'GET /admin/audit',
    path: '/admin/audit',
    status: 200,
    query: { once: [...page, 'action', 'actor', 'target', 'since', 'until'], others: 'refused' },
  },
]

describe('every route refuses what is wrong', () => {
  let signIn: Awaited<ReturnType<typeof startSignInGateway>>
  let context: NegativeContext
  beforeAll(async () => {
    signIn = await startSignInGateway(settings)
    const { gateway } = signIn
    context = {
      gateway,
      credentials: {
        key: ['X-API-Key', await keyFor(signIn, 'alice@example.com')],
        master: ['Authorization', `Bearer ${gateway.masterKey}`],
        metrics: ['Authorization', `Bearer ${metricsToken}`],
      },
    }
  })
  afterAll(() => signIn.close())

  test('every route has an entry here, and every entry is a route', () => {
    expect(entries.map(({ route }) => route).sort()).toEqual([...new Set(registeredRoutes())].sort())
  })

  for (const entry of entries) {
    negativeSuite(entry, entries, () => context)
    // Static files read no header and no body: one of them stands for all.
    if (entry === assets[0] || !assets.includes(entry)) negativeBodiesAndHeaders(entry, () => context)
  }

  test('paths that lead nowhere are 404 by the contract, and nothing of them is echoed', async () => {
    for (const path of [
      '/nothing',
      '/v1',
      '/v1/',
      '/auth',
      '/auth/',
      '/admin.json',
      '/.env',
      '/.git/config',
      '/assets/',
      '/assets/..%2f..%2fpackage.json',
      '/<script>alert(1)</script>',
      '/%',
      '/%ff',
      '/%E0%A4%A',
      `/${'x'.repeat(9000)}`,
    ]) {
      const answer = await sendRaw(context.gateway.url, { path })
      expectContract(answer, path)
      expect(answer.status, path).toBe(404)
      expect(answer.body).not.toContain('script>')
    }
  })

  test('lines that are no HTTP request are refused in the form of the contract', async () => {
    const host = new URL(context.gateway.url).host
    const lines = [
      'garbage\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `G\u0000T / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    ]
    lines.push(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: -1\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nNo colon\r\n\r\n`,
    )
    lines.push(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx`)
    lines.push(`POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`)
    for (const line of lines) {
      const answer = await sendBytes(context.gateway.url, Buffer.from(line, 'latin1'))
      expectContract(answer, line, { parserToo: true })
      expect(answer.status, line).toBe(400)
    }
  })

  test.each([
    ['no Host', 'GET /v1/validate HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['an empty Host', 'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
    ['a Host with a path', 'GET /healthz HTTP/1.1\r\nHost: a/b?c\r\nConnection: close\r\n\r\n'],
    ['a Host with garbage', "GET /healthz HTTP/1.1\r\nHost: ' OR 1=1\r\nConnection: close\r\n\r\n"],
    ['a Host with a user', 'GET /admin/keys HTTP/1.1\r\nHost: x@localhost\r\nConnection: close\r\n\r\n'],
    ['the absolute form', 'GET http://evil.test/admin/keys HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['the asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    [
      'an unknown expectation',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nConnection: close\r\n\r\n',
    ],
    ['a backslash', 'GET /admin/keys\\ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    [
      'an upgrade',
      'GET /admin/keys HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n',
    ],
  ])('%s: the answer has the form of the contract', async (what, request) => {
    const answer = await sendBytes(context.gateway.url, Buffer.from(request, 'latin1'))
    expectContract(answer, what)
    expect(answer.status === 200 ? request.includes('healthz') : answer.status >= 400).toBe(true)
  })
})

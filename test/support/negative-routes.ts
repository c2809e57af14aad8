import { registeredRoutes } from './negative-context.ts'
import type { RouteEntry } from './negative-contract.ts'

/** Ids of nothing, as they stand in a path. */
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

/** The paths of objects that are not there. */
export const idsAt = (before: string, after = '') => unknownIds.map((id) => `${before}${id}${after}`)
/** A provider's id is short. */
const providersAt = (path: string) => idsAt(path).filter((each) => each.length < 60)

const ignored = { once: [], others: 'ignored' } as const
const strict = { once: [], others: 'refused' } as const
const asset = { status: 200, credential: 'none', query: ignored, body: 'unread' } as const
const sessionEnds = { status: 204, credential: 'none', query: strict, body: 'unread' } as const

/** What a proxy asks; the client's credential comes with it. */
const verify = { status: 200, credential: 'key', body: 'unread', anyMethod: true } as const
const forwarded = [
  ['X-Forwarded-Method', 'GET'],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-Host', 'app.example.com'],
  ['X-Forwarded-Uri', '/reports'],
] as const
const proxies: RouteEntry[] = [
  {
    ...verify,
    route: 'GET /auth/verify/nginx',
    path: '/auth/verify/nginx',
    query: strict,
    refusedWith: 403,
    told: [
      ['X-Original-Method', 'GET'],
      ['X-Original-URL', 'http://app.example.com/reports'],
    ],
  },
  ...['caddy', 'traefik'].map((proxy) => {
    const path = `/auth/verify/${proxy}`
    return { ...verify, route: `GET ${path}`, path, query: strict, told: forwarded }
  }),
  // All that follows is the app's own.
  {
    ...verify,
    route: 'GET /auth/verify/envoy/:target',
    path: '/auth/verify/envoy/reports',
    query: ignored,
    told: [['X-Forwarded-Proto', 'http']],
  },
]

/** Assets are named by their content. */
export const assets: RouteEntry[] = registeredRoutes()
  .filter((route) => route.startsWith('GET /assets/'))
  .map((route) => ({ ...asset, route, path: route.slice(4) }))
/** The routes that are not of the admin API, one entry for each. */
export const publicRoutes: RouteEntry[] = [
  ...assets,
  ...proxies,
  { ...asset, route: 'GET /', path: '/' },
  { ...asset, route: 'GET /healthz', path: '/healthz' },
  { ...asset, route: 'GET /readyz', path: '/readyz' },
  { ...asset, route: 'GET /openapi.json', path: '/openapi.json', query: strict },
  { ...asset, route: 'GET /docs', path: '/docs' },
  {
    ...asset,
    route: 'GET /docs/:tag',
    path: '/docs/keys',
    unknownObjects: idsAt('/docs/'),
  },
  { ...asset, route: 'GET /metrics', path: '/metrics', credential: 'metrics' },
  {
    ...asset,
    route: 'GET /auth/login',
    path: '/auth/login',
    status: 302,
    query: { once: ['return_to', 'code_challenge', 'code_challenge_method'], others: 'refused' },
  },
  {
    ...asset,
    route: 'GET /auth/login/:provider',
    path: '/auth/login/google',
    status: 302,
    query: { once: ['return_to', 'code_challenge', 'code_challenge_method'], others: 'refused' },
    unknownObjects: providersAt('/auth/login/'),
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
    ...asset,
    route: 'GET /auth/callback/:provider',
    path: '/auth/callback/nobody',
    status: 404,
    query: { once: ['state', 'code', 'error', 'iss'], others: 'ignored' },
    unknownObjects: [...providersAt('/auth/callback/'), '/auth/callback/google'],
  },
  {
    route: 'GET /auth/session',
    path: '/auth/session',
    status: 200,
    credential: 'session',
    query: strict,
    body: 'unread',
  },
  { ...sessionEnds, route: 'POST /auth/logout', path: '/auth/logout' },
  { ...sessionEnds, route: 'POST /auth/logout/everywhere', path: '/auth/logout/everywhere' },
  { ...asset, route: 'GET /.well-known/jwks.json', path: '/.well-known/jwks.json' },
  {
    ...asset,
    route: 'GET /.well-known/oauth-authorization-server',
    path: '/.well-known/oauth-authorization-server',
  },
  // What it does with bodies of either type, test/http/tokens says.
  {
    route: 'POST /v1/token',
    path: '/v1/token',
    status: 200,
    credential: 'key',
    query: strict,
    body: 'unread',
  },
  {
    route: 'GET /v1/key',
    path: '/v1/key',
    status: 200,
    credential: 'key',
    query: strict,
    body: 'unread',
  },
  {
    route: 'GET /v1/validate',
    path: '/v1/validate',
    status: 200,
    credential: 'key',
    query: strict,
    body: 'unread',
  },
  {
    route: 'POST /v1/validate',
    path: '/v1/validate',
    status: 200,
    credential: 'key',
    query: strict,
    body: 'refused',
  },
  {
    route: 'POST /v1/introspect',
    path: '/v1/introspect',
    status: 200,
    credential: 'key',
    query: strict,
    body: 'form',
    ordinary: 'token=x',
  },
  {
    route: 'POST /v1/revoke',
    path: '/v1/revoke',
    status: 200,
    credential: 'none',
    query: strict,
    body: 'form',
    ordinary: 'token=x',
  },
  // The code of nobody.
  {
    route: 'POST /auth/exchange',
    path: '/auth/exchange',
    status: 400,
    credential: 'none',
    query: strict,
    body: 'json',
    takesForm: true,
    ordinary: '{"auth_code":"x","code_verifier":"x","return_to":"https://app.test/"}',
  },
]

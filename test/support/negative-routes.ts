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

/** Assets are named by their content. */
export const assets: RouteEntry[] = registeredRoutes()
  .filter((route) => route.startsWith('GET /assets/'))
  .map((route) => ({ ...asset, route, path: route.slice(4) }))
/** The routes that are not of the admin API, one entry for each. */
export const publicRoutes: RouteEntry[] = [
  ...assets,
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
    query: { once: ['return_to'], others: 'refused' },
  },
  {
    ...asset,
    route: 'GET /auth/login/:provider',
    path: '/auth/login/google',
    status: 302,
    query: { once: ['return_to'], others: 'refused' },
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
]

import {
  answersOf,
  forAdmins,
  forConsole,
  forSignedIn,
  type Makers,
  type MatrixEntry,
  openToAll,
} from './matrix-doors.ts'
import { adminRoutes } from './negative-admin-routes.ts'
import type { RouteEntry } from './negative-contract.ts'
import { publicRoutes } from './negative-routes.ts'

type Body = Pick<MatrixEntry, 'json' | 'form'>
const none = '404 not_found'

/** A route of the admin API with an object in its path. */
const adminObject = (
  route: string,
  ok: string,
  before: string,
  find: (make: Makers, ownerId: string) => Promise<string>,
  { after = '', ...body }: Body & { after?: string } = {},
): MatrixEntry => ({
  route,
  answers: forAdmins(ok),
  path: async (make, ownerId) => `${before}${await find(make, ownerId)}${after}`,
  nothing: `${before}nothing${after}`,
  ...body,
})

const key = (make: Makers, ownerId: string) => make.key(ownerId)
const user = (make: Makers) => make.user()
const userPath = '/admin/users/'
const keyPath = '/admin/keys/'

const adminObjects: MatrixEntry[] = [
  adminObject('GET /admin/users/:id', '200', userPath, async (_, ownerId) => ownerId),
  adminObject('PATCH /admin/users/:id', '200', userPath, user, { json: { groups: ['x'] } }),
  adminObject('DELETE /admin/users/:id', '204', userPath, user),
  adminObject('POST /admin/users/:id/revoke-everything', '200', userPath, user, {
    after: '/revoke-everything',
  }),
  adminObject('POST /admin/users/:id/identities', '201', userPath, user, {
    after: '/identities',
    json: { email: 'approved-#@corp.com' },
  }),
  adminObject('GET /admin/users/:id/sessions', '200', userPath, async (_, id) => id, { after: '/sessions' }),
  adminObject('DELETE /admin/users/:id/sessions', '204', userPath, user, { after: '/sessions' }),
  {
    route: 'DELETE /admin/users/:id/sessions/:session_id',
    answers: forAdmins('204'),
    path: async (make, ownerId) => `${userPath}${ownerId}/sessions/${await make.session(ownerId)}`,
    nothing: `${userPath}nothing/sessions/nothing`,
  },
  {
    route: 'DELETE /admin/users/:id/identities/:identity_id',
    answers: forAdmins('204'),
    path: async (make) => {
      const { userId, id } = await make.identity()
      return `${userPath}${userId}/identities/${id}`
    },
    nothing: `${userPath}nothing/identities/nothing`,
  },
  adminObject('DELETE /admin/invitations/:id', '204', '/admin/invitations/', (make) => make.invitation()),
  adminObject('DELETE /admin/access-rules/:id', '204', '/admin/access-rules/', (make) => make.rule()),
  adminObject('GET /admin/apps/:id', '200', '/admin/apps/', (make) => make.app()),
  adminObject('PATCH /admin/apps/:id', '200', '/admin/apps/', (make) => make.app(), { json: { note: 'x' } }),
  adminObject('DELETE /admin/apps/:id', '204', '/admin/apps/', (make) => make.app()),
  adminObject('GET /admin/keys/:id', '200', keyPath, key),
  adminObject('PATCH /admin/keys/:id', '200', keyPath, key, { json: { name: 'y' } }),
  adminObject('DELETE /admin/keys/:id', '204', keyPath, key),
  adminObject('POST /admin/keys/:id/rotate', '201', keyPath, key, { after: '/rotate', json: {} }),
  // Nothing has taken its place.
  adminObject('POST /admin/keys/:id/retire', '409 conflict', keyPath, key, { after: '/retire' }),
]

const plain = (route: string, answers: MatrixEntry['answers'], body: Body = {}): MatrixEntry => {
  const path = route.replace(/^\S+ /, '')
  return { route, answers, path: () => path, ...body }
}
const isForm = (route: string) => route.startsWith('POST ')

/** A page of the console, or a form of one that is sent with these fields. */
const consolePage = (route: string, ok: string, form: Record<string, string> = {}) =>
  plain(route, forConsole(isForm(route), ok), { form })

const consoleObject = (
  route: string,
  ok: string,
  find: (make: Makers, ownerId: string) => Promise<string>,
  form: Record<string, string> = {},
): MatrixEntry => {
  const [before = '', after = ''] = route.replace(/^\S+ /, '').split(':id')
  return {
    route,
    answers: forConsole(isForm(route), ok),
    path: async (make, ownerId) => `${before}${await find(make, ownerId)}${after}`,
    nothing: `${before}nothing${after}`,
    form,
  }
}

/** A page of somebody's own key, or a form of one: what is another's is not there. */
const ownKey = (route: string, ok: string, form: Record<string, string> = {}): MatrixEntry => ({
  ...consoleObject(route, ok, key, form),
  answers: forSignedIn(isForm(route), ok),
  anothers: none,
})

const once = { once: 'once0000000000#' }

const consolePages: MatrixEntry[] = [
  consolePage('GET /console', '200'),
  consolePage('GET /console/invitations', '200'),
  consolePage('POST /console/invitations', '400 invalid_request'),
  consoleObject('POST /console/invitations/:id/withdraw', '303', (make) => make.invitation()),
  consolePage('GET /console/users', '200'),
  consoleObject('GET /console/users/:id', '200', async (_, ownerId) => ownerId),
  consoleObject('POST /console/users/:id', '303', user, { version: '1', groups: 'x' }),
  consoleObject('POST /console/users/:id/revoke-everything', '303', user),
  consoleObject('POST /console/users/:id/erase', '303', user, { version: '1' }),
  consoleObject('POST /console/users/:id/identities', '303', user, {
    email: 'console-#@corp.com',
    provider: 'google',
  }),
  consoleObject('POST /console/users/:id/sessions/end', '303', user),
  {
    ...consolePage('POST /console/users/:id/sessions/:session_id/end', '303'),
    path: async (make) => {
      const userId = await make.user()
      return `/console/users/${userId}/sessions/${await make.session(userId)}/end`
    },
    nothing: '/console/users/nothing/sessions/nothing/end',
  },
  {
    ...consolePage('POST /console/users/:id/identities/:identity_id/remove', '303'),
    path: async (make) => {
      const { userId, id } = await make.identity()
      return `/console/users/${userId}/identities/${id}/remove`
    },
    nothing: '/console/users/nothing/identities/nothing/remove',
  },
  consolePage('GET /console/service-accounts', '200'),
  consolePage('POST /console/service-accounts', '400 invalid_request'),
  consolePage('GET /console/keys', '200'),
  consolePage('POST /console/keys/revoke/preview', '400 invalid_request'),
  consolePage('POST /console/keys/revoke', '400 invalid_request'),
  consolePage('GET /console/keys/new', '200'),
  consolePage('POST /console/keys', '400 invalid_request'),
  consoleObject('GET /console/keys/:id', '200', key),
  consoleObject('POST /console/keys/:id', '400 invalid_request', key),
  consoleObject('POST /console/keys/:id/rotate', '200', key, {
    ...once,
    quiet_seconds: '60',
    grace_seconds: '3600',
  }),
  consoleObject('POST /console/keys/:id/retire', '409 conflict', key),
  consoleObject('POST /console/keys/:id/revoke', '303', key),
  consolePage('GET /console/access-rules', '200'),
  consolePage('POST /console/access-rules/preview', '400 invalid_request'),
  consolePage('POST /console/access-rules', '400 invalid_request'),
  consoleObject('GET /console/access-rules/:id/remove', '200', (make) => make.rule()),
  consoleObject('POST /console/access-rules/:id/remove', '303', (make) => make.rule()),
  consolePage('GET /console/apps', '200'),
  consolePage('GET /console/apps/new', '200'),
  consolePage('POST /console/apps', '400 invalid_request'),
  consoleObject('GET /console/apps/:id', '200', (make) => make.app()),
  consoleObject('POST /console/apps/:id', '400 invalid_request', (make) => make.app()),
  consoleObject('POST /console/apps/:id/delete', '303', (make) => make.app(), { version: '1' }),
  consolePage('GET /console/audit', '200'),
  consolePage('POST /console/audit/check', '200'),
]

const accountPages: MatrixEntry[] = [
  plain('GET /account', forSignedIn(false, '200')),
  plain('POST /account/identities', forSignedIn(true, none), { form: { provider: 'nobody' } }),
  plain('GET /account/data.json', forSignedIn(false, '200')),
  plain('GET /account/keys', forSignedIn(false, '200')),
  plain('GET /account/keys/new', forSignedIn(false, '200')),
  plain('POST /account/keys', forSignedIn(true, '400 invalid_request'), { form: {} }),
  ownKey('GET /account/keys/:id', '200'),
  ownKey('POST /account/keys/:id/rotate', '200', once),
  ownKey('POST /account/keys/:id/retire', '409 conflict'),
  ownKey('POST /account/keys/:id/revoke', '303'),
  {
    ...ownKey('POST /account/sessions/:id/end', '303'),
    path: async (make, ownerId) => `/account/sessions/${await make.session(ownerId)}/end`,
  },
]

const oauth: MatrixEntry[] = [
  plain('POST /v1/token', {
    ...openToAll('200'),
    nobody: '401 missing_key',
    'master key': '401 invalid_key',
  }),
  plain('POST /v1/introspect', {
    ...openToAll('401 missing_key'),
    'admin key': '403 insufficient_scope',
    'member key': '403 insufficient_scope',
    'master key': '401 invalid_key',
  }),
  // Nobody shows anything but a token, and here none.
  plain('POST /v1/revoke', openToAll('415 unsupported_media_type')),
  plain('POST /auth/exchange', openToAll('415 unsupported_media_type')),
]

const openPages: MatrixEntry[] = [
  plain('GET /openapi.json', openToAll('200')),
  plain('GET /docs', openToAll('200')),
  { ...plain('GET /docs/:tag', openToAll('200')), path: () => '/docs/keys', nothing: '/docs/nothing' },
]

/** Whoever is known passes; the master key is none of a proxy's business. */
const throughProxies: MatrixEntry[] = publicRoutes
  .filter(({ route }) => route.startsWith('GET /auth/verify/'))
  .map(({ route, path, told = [] }) => ({
    ...plain(route, {
      ...openToAll('200'),
      nobody: '401 unauthenticated',
      'master key': '401 unauthenticated',
    }),
    path: () => path,
    told: Object.fromEntries(told.map(([name, value]) => [name, String(value)])),
  }))

const declared = [
  ...throughProxies,
  ...adminObjects,
  ...consolePages,
  ...accountPages,
  ...oauth,
  ...openPages,
]
const names = new Set(declared.map(({ route }) => route))

/** What has no object is said once, in the entry of the negative suite. */
const fromNegative = [...publicRoutes, ...adminRoutes]
  .filter(({ route }) => !names.has(route))
  .map(
    (entry: RouteEntry): MatrixEntry => ({
      route: entry.route,
      answers: answersOf(entry),
      path: () => `${entry.path}${entry.harmless ?? ''}`,
      ...(entry.body === 'json' ? { json: JSON.parse(entry.ordinary ?? '{}') } : {}),
      endsSession: entry.route.startsWith('POST /auth/logout'),
    }),
  )

/** Every route of Keydesk. */
export const matrixRoutes: readonly MatrixEntry[] = [...declared, ...fromNegative]

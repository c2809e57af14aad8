import { appRoutes } from './negative-app-routes.ts'
import type { RouteEntry } from './negative-contract.ts'
import { idsAt } from './negative-routes.ts'

const page = ['limit', 'cursor']
const ofKeys = [
  'user_id',
  'status',
  'search',
  'scope',
  'unused_since',
  'expiring_before',
  'created_through',
  'sort',
]
const ofAudit = ['action', 'actor', 'target', 'user_id', 'email', 'since', 'until']
const strict = { once: [], others: 'refused' } as const
const admin = { credential: 'master', body: 'unread' } as const
// The id of nobody, so that nothing is changed.
const unknown = { ...admin, status: 404, query: strict } as const
const nobody = '{"email":"nobody@nowhere.test"}'

/** The routes of the admin API, one entry for each. */
export const adminRoutes: RouteEntry[] = [
  {
    ...admin,
    route: 'GET /admin/users',
    path: '/admin/users',
    status: 200,
    query: { once: [...page, 'search', 'status', 'role', 'kind'], others: 'refused' },
  },
  { ...admin, route: 'POST /admin/users', path: '/admin/users', status: 400, query: strict, body: 'json' },
  {
    ...unknown,
    route: 'PATCH /admin/users/:id',
    path: '/admin/users/usr_x',
    body: 'json',
    unknownObjects: idsAt('/admin/users/'),
  },
  {
    ...unknown,
    route: 'DELETE /admin/users/:id',
    path: '/admin/users/usr_x',
    unknownObjects: idsAt('/admin/users/'),
  },
  {
    ...unknown,
    route: 'POST /admin/users/:id/identities',
    path: '/admin/users/usr_x/identities',
    body: 'json',
    ordinary: nobody,
    unknownObjects: idsAt('/admin/users/', '/identities'),
  },
  {
    ...unknown,
    route: 'DELETE /admin/users/:id/identities/:identity_id',
    path: '/admin/users/usr_x/identities/idn_x',
    unknownObjects: idsAt('/admin/users/', '/identities/idn_x'),
  },
  {
    ...unknown,
    route: 'POST /admin/users/:id/revoke-everything',
    path: '/admin/users/usr_x/revoke-everything',
    unknownObjects: idsAt('/admin/users/', '/revoke-everything'),
  },
  {
    ...unknown,
    route: 'GET /admin/users/:id/sessions',
    path: '/admin/users/usr_x/sessions',
    unknownObjects: idsAt('/admin/users/', '/sessions'),
  },
  {
    ...unknown,
    route: 'DELETE /admin/users/:id/sessions',
    path: '/admin/users/usr_x/sessions',
    unknownObjects: idsAt('/admin/users/', '/sessions'),
  },
  // It would end every session, those of this test among them.
  {
    ...admin,
    route: 'DELETE /admin/sessions',
    path: '/admin/sessions',
    harmless: '?harmless=1',
    status: 400,
    query: strict,
  },
  {
    ...unknown,
    route: 'DELETE /admin/users/:id/sessions/:session_id',
    path: '/admin/users/usr_x/sessions/ses_x',
    unknownObjects: idsAt('/admin/users/', '/sessions/ses_x'),
  },
  {
    ...admin,
    route: 'GET /admin/service-accounts',
    path: '/admin/service-accounts',
    status: 200,
    query: {
      once: [...page, 'search', 'status', 'responsible_user_id', 'without_responsible'],
      others: 'refused',
    },
  },
  {
    ...admin,
    route: 'POST /admin/service-accounts',
    path: '/admin/service-accounts',
    status: 400,
    query: strict,
    body: 'json',
  },
  {
    ...admin,
    route: 'GET /admin/invitations',
    path: '/admin/invitations',
    status: 200,
    query: { once: page, others: 'refused' },
  },
  {
    ...unknown,
    route: 'DELETE /admin/invitations/:id',
    path: '/admin/invitations/inv_x',
    unknownObjects: idsAt('/admin/invitations/'),
  },
  {
    ...admin,
    route: 'GET /admin/access-rules',
    path: '/admin/access-rules',
    status: 200,
    query: { once: page, others: 'refused' },
  },
  {
    ...admin,
    route: 'POST /admin/access-rules',
    path: '/admin/access-rules',
    status: 400,
    query: strict,
    body: 'json',
  },
  {
    ...admin,
    route: 'POST /admin/access-rules/preview',
    path: '/admin/access-rules/preview',
    status: 200,
    query: strict,
    body: 'json',
  },
  {
    ...unknown,
    route: 'DELETE /admin/access-rules/:id',
    path: '/admin/access-rules/rul_x',
    unknownObjects: idsAt('/admin/access-rules/'),
  },
  { ...admin, route: 'POST /admin/apps', path: '/admin/apps', status: 400, query: strict, body: 'json' },
  {
    ...admin,
    route: 'GET /admin/users/:id',
    path: '/admin/users/usr_x',
    status: 404,
    query: strict,
    unknownObjects: idsAt('/admin/users/'),
  },
  {
    ...admin,
    route: 'GET /admin/keys',
    path: '/admin/keys',
    status: 200,
    query: { once: [...page, ...ofKeys], others: 'refused' },
  },
  {
    ...admin,
    route: 'GET /admin/keys/:id',
    path: '/admin/keys/k',
    status: 404,
    query: strict,
    unknownObjects: idsAt('/admin/keys/'),
  },
  {
    ...admin,
    route: 'POST /admin/keys',
    path: '/admin/keys',
    status: 400,
    query: strict,
    body: 'json',
  },
  {
    ...unknown,
    route: 'PATCH /admin/keys/:id',
    path: '/admin/keys/k',
    body: 'json',
    unknownObjects: idsAt('/admin/keys/'),
  },
  {
    ...unknown,
    route: 'DELETE /admin/keys/:id',
    path: '/admin/keys/k',
    query: { once: ['receipt', 'reason'], others: 'refused' },
    unknownObjects: idsAt('/admin/keys/'),
  },
  {
    ...admin,
    route: 'POST /admin/keys/revoke',
    path: '/admin/keys/revoke',
    status: 400,
    query: strict,
    body: 'json',
  },
  {
    ...unknown,
    route: 'POST /admin/keys/:id/rotate',
    path: '/admin/keys/k/rotate',
    body: 'json',
    unknownObjects: idsAt('/admin/keys/', '/rotate'),
  },
  {
    ...unknown,
    route: 'POST /admin/keys/:id/retire',
    path: '/admin/keys/k/retire',
    unknownObjects: idsAt('/admin/keys/', '/retire'),
  },
  {
    ...admin,
    route: 'GET /admin/audit',
    path: '/admin/audit',
    status: 200,
    query: { once: [...page, ...ofAudit], others: 'refused' },
  },
  {
    ...admin,
    route: 'GET /admin/audit/export',
    path: '/admin/audit/export',
    status: 200,
    query: { once: ofAudit, others: 'refused' },
  },
  {
    ...admin,
    route: 'GET /admin/audit/verify',
    path: '/admin/audit/verify',
    status: 200,
    query: { once: ['head_seq', 'head_seal'], others: 'refused' },
  },
  ...appRoutes,
]

import type { RouteEntry } from './negative-contract.ts'
import { idsAt } from './negative-routes.ts'

const page = ['limit', 'cursor']
const strict = { once: [], others: 'refused' } as const
const admin = { credential: 'master', body: 'unread' } as const
const unknown = { ...admin, status: 404, query: strict } as const

/** The routes of the admin API about apps and signing keys, one entry for each. */
export const appRoutes: RouteEntry[] = [
  {
    ...admin,
    route: 'GET /admin/apps',
    path: '/admin/apps',
    status: 200,
    query: { once: page, others: 'refused' },
  },
  {
    ...admin,
    route: 'GET /admin/apps/:id',
    path: '/admin/apps/app_x',
    status: 404,
    query: strict,
    unknownObjects: idsAt('/admin/apps/'),
  },
  {
    ...unknown,
    route: 'PATCH /admin/apps/:id',
    path: '/admin/apps/app_x',
    body: 'json',
    unknownObjects: idsAt('/admin/apps/'),
  },
  {
    ...unknown,
    route: 'DELETE /admin/apps/:id',
    path: '/admin/apps/app_x',
    unknownObjects: idsAt('/admin/apps/'),
  },
  {
    ...admin,
    route: 'GET /admin/signing-keys',
    path: '/admin/signing-keys',
    status: 200,
    query: strict,
  },
  // It would make a key, which is a change.
  {
    ...admin,
    route: 'POST /admin/signing-keys/rotate',
    path: '/admin/signing-keys/rotate',
    harmless: '?harmless=1',
    status: 400,
    query: strict,
  },
]

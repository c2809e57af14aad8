import { keyIdOf, someUserId } from '../../test/support/many-rows.ts'

/** What is asked of the server: a name for the table, and the path. */
export interface Call {
  readonly what: string
  readonly path: string
}

const dayMs = 86_400_000

/** Every list of the admin API with each filter and sort, and every page of the console that reads something. */
export function listCalls(now: Date): Call[] {
  const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs).toISOString()
  const calls = (path: string, queries: readonly Record<string, string>[]) =>
    queries.map((query) => {
      const search = new URLSearchParams(query).toString()
      const whole = search === '' ? path : `${path}?${search}`
      return { what: decodeURIComponent(`${path} ${search.replaceAll('&', ', ')}`).trim(), path: whole }
    })
  const keyFilters: Record<string, string>[] = [
    {},
    { user_id: someUserId },
    { status: 'active' },
    { status: 'retiring' },
    { status: 'revoked' },
    { status: 'expired' },
    { search: 'for CI' },
    { search: 'nothing at all' },
    { search: 'person77@example' },
    { search: keyIdOf(77).slice(3) },
    { scope: 'team:7' },
    { scope: 'team:none' },
    { unused_since: daysAgo(90) },
    { status: 'active', unused_since: daysAgo(90) },
    { expiring_before: daysAgo(-30) },
    { status: 'active', expiring_before: daysAgo(-30) },
    { created_through: 'sso' },
  ]
  const sorts = ['-created_at', 'created_at', 'expires_at', '-last_used_at', 'last_used_at']
  const keys = keyFilters.flatMap((filter) => sorts.map((sort) => ({ ...filter, sort })))
  const users: Record<string, string>[] = [
    {},
    { search: 'person 77' },
    { search: 'nothing at all' },
    { status: 'disabled' },
    { role: 'admin' },
    { kind: 'service' },
  ]
  const events: Record<string, string>[] = [
    {},
    { action: 'key.minted' },
    { action: 'user.erased' },
    { actor: 'master_key' },
    { actor: 'master_key', action: 'key.revoked' },
    { target: `user:${someUserId}` },
    { since: daysAgo(1) },
    { until: daysAgo(1) },
    { until: daysAgo(3650) },
    { action: 'key.minted', until: daysAgo(3650) },
  ]
  return [
    ...calls('/admin/keys', keys),
    ...calls('/admin/users', users),
    ...calls('/admin/service-accounts', [{}]),
    ...calls('/admin/audit', events),
    ...calls('/admin/invitations', [{}]),
    ...calls('/admin/access-rules', [{}]),
    ...calls(`/admin/users/${someUserId}`, [{}]),
    ...calls(`/admin/users/${someUserId}/sessions`, [{}]),
    ...calls(`/admin/keys/${keyIdOf(77)}`, [{}]),
    ...consolePages(now).map((path) => ({ what: path, path })),
  ]
}

function consolePages(now: Date): string[] {
  const since = encodeURIComponent(new Date(now.getTime() - 90 * dayMs).toISOString().slice(0, 10))
  return [
    '/console',
    '/console/keys',
    '/console/keys?status=active',
    '/console/keys?search=person77%40example',
    '/console/keys?search=nothing%20at%20all&sort=-last_used_at',
    `/console/keys/${keyIdOf(77)}`,
    '/console/keys/new',
    `/console/keys/new?user_id=${someUserId}`,
    '/console/users',
    '/console/users?search=person%2077',
    `/console/users/${someUserId}`,
    '/console/service-accounts',
    '/console/invitations',
    '/console/access-rules',
    '/console/audit',
    '/console/audit?action=key.minted',
    `/console/audit?since=${since}`,
    '/account',
    '/account/keys',
    '/account/data.json',
  ]
}

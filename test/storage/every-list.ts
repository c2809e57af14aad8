import type { KeyFilter } from '../../src/storage/key-lists.ts'
import { someKeyId, someUserId } from '../support/many-rows.ts'
import type { Asking } from './every-query.ts'

const dayMs = 86_400_000

/** Every list of the storage with each of its filters and sorts, on its first page and on one far behind. */
export function everyList(now: Date): Record<string, Asking> {
  const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs)
  const farBehind = { at: daysAgo(100), id: someKeyId }
  const asked: Record<string, Asking> = {}
  const keyFilters: Record<string, Partial<KeyFilter>> = {
    everything: {},
    userId: { userId: someUserId },
    active: { status: 'active' },
    retiring: { status: 'retiring' },
    revoked: { status: 'revoked' },
    expired: { status: 'expired' },
    search: { search: 'for CI' },
    'search for nobody': { search: 'nobody@nowhere' },
    scope: { scope: 'team:7' },
    unusedSince: { unusedSince: daysAgo(90) },
    'active, unusedSince': { status: 'active', unusedSince: daysAgo(90) },
    expiringBefore: { expiringBefore: daysAgo(-30) },
    'active, expiringBefore': { status: 'active', expiringBefore: daysAgo(-30) },
    createdThrough: { createdThrough: 'sso' },
    isUnrevoked: { isUnrevoked: true },
    'all of it': {
      status: 'active',
      search: 'CI',
      scope: 'team:7',
      unusedSince: daysAgo(90),
      expiringBefore: daysAgo(-30),
      createdThrough: 'sso',
    },
  }
  const sorts = ['-created_at', 'created_at', 'expires_at', '-last_used_at', 'last_used_at'] as const
  for (const [name, filter] of Object.entries(keyFilters)) {
    const whole: KeyFilter = { status: 'all', now, ...filter }
    asked[`keyLists.idsOf: ${name}`] = (s) => s.keyLists.idsOf(whole, 1001)
    for (const sort of sorts)
      for (const [place, after] of [['', null] as const, [', far behind', farBehind] as const])
        asked[`keyLists.page: ${name} by ${sort}${place}`] = (s) =>
          s.keyLists.page({ ...whole, sort, limit: 50, after })
  }
  const userFilters = {
    everybody: {},
    active: { status: 'active' },
    disabled: { status: 'disabled' },
    admins: { role: 'admin' },
    services: { kind: 'service' },
    search: { search: 'person 7' },
    responsibleId: { responsibleId: someUserId },
    isUnanswered: { isUnanswered: true },
    'all of it': { status: 'active', role: 'admin', kind: 'person', search: 'x' },
  } as const
  for (const [name, filter] of Object.entries(userFilters))
    for (const [place, after] of [['', null] as const, [', far behind', farBehind] as const])
      asked[`users.page: ${name}${place}`] = (s) => s.users.page({ ...filter, limit: 50, after })
  const auditFilters = {
    everything: {},
    action: { action: 'key.minted' },
    actor: { actor: 'master_key' },
    target: { target: `key:${someKeyId}` },
    userId: { userId: someUserId },
    email: { email: 'person3@example.com' },
    since: { since: daysAgo(1) },
    until: { until: daysAgo(1) },
    'all of it': { action: 'key.minted', actor: 'master_key', since: daysAgo(1), until: now },
  } as const
  for (const [name, filter] of Object.entries(auditFilters)) {
    asked[`audit.find: ${name}`] = (s) => s.audit.find({ ...filter, limit: 51 })
    asked[`audit.find: ${name}, far behind`] = (s) => s.audit.find({ ...filter, beforeSeq: 5000, limit: 51 })
    asked[`audit.findForward: ${name}`] = (s) =>
      s.audit.findForward(filter, { afterSeq: 5000, untilSeq: 6000, limit: 1000 })
  }
  return {
    ...asked,
    'accessRules.page': (s) => s.accessRules.page({ limit: 50, after: null }),
    'accessRules.page: far behind': (s) => s.accessRules.page({ limit: 50, after: farBehind }),
    'apps.page': (s) => s.apps.page({ limit: 50, after: null }),
    'apps.page: far behind': (s) => s.apps.page({ limit: 50, after: farBehind }),
    'invitations.page': (s) => s.invitations.page({ limit: 50, after: null }),
    'invitations.page: far behind': (s) => s.invitations.page({ limit: 50, after: farBehind }),
  }
}

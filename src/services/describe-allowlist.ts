import type { Storage } from '../storage/storage.ts'
import { type Allowlist, isStale } from './access-policies.ts'

/** How current the copy of the external list is. */
export interface AllowlistState {
  /** When the list was last known to be as it is kept; null before the first good answer. */
  readonly fetchedAt: Date | null
  /** Nobody signs in by a stale copy. */
  readonly isStale: boolean
  readonly domains: number
  readonly emails: number
}

/** Says how the external list stands. */
export async function describeAllowlist(
  storage: Storage,
  allowlist: Allowlist,
  now: Date,
): Promise<AllowlistState> {
  const copy = await storage.accessRules.allowlistCopy()
  if (copy === null || copy.urlHash !== allowlist.urlHash)
    return { fetchedAt: null, isStale: true, domains: 0, emails: 0 }
  const { fetchedAt, domains, emails } = copy
  return { fetchedAt, isStale: isStale(copy, allowlist, now), domains: domains.length, emails: emails.length }
}

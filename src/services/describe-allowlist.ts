import type { Storage } from '../storage/storage.ts'

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
  allowlist: { url: string; staleSecondsMax: number },
  now: Date,
): Promise<AllowlistState> {
  const copy = await storage.accessRules.allowlistCopy()
  if (copy === null || copy.url !== allowlist.url)
    return { fetchedAt: null, isStale: true, domains: 0, emails: 0 }
  const { fetchedAt, domains, emails } = copy
  const isStale = now.getTime() - fetchedAt.getTime() > allowlist.staleSecondsMax * 1000
  return { fetchedAt, isStale, domains: domains.length, emails: emails.length }
}

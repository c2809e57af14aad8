import type { AccessRuleKind } from '../domain/access-policy.ts'
import { auditEvent } from '../domain/audit-event.ts'
import { isProviderId, parseRuleValue, splitProvider } from '../domain/rule-text.ts'
import type { AllowlistSource, FetchedAllowlist } from '../sso/allowlist-source.ts'
import type { AllowlistCopy } from '../storage/access-rules.ts'
import type { Storage } from '../storage/storage.ts'

export type PollAllowlist = () => Promise<void>

const copyId = 'allowlist'
/** Where another replica has just asked, this one need not. */
const restShare = 0.9
/** So many domains are named in an audit event; the others are counted. */
const namedMax = 50

/**
 * Asks for the external list and keeps a copy of the last good one in the database, where all replicas find it. What
 * cannot be read admits nobody: a bad entry is left out and reported, a bad list changes nothing and grows stale.
 */
export function createPollAllowlist(dependencies: {
  storage: Storage
  source: AllowlistSource
  urlHash: string
  intervalSeconds: number
  /** Told of entries that are no addresses and no domains. */
  report: (message: string) => void
  now: () => Date
}): PollAllowlist {
  const { storage, source, urlHash, intervalSeconds, report, now } = dependencies

  let underway: Promise<void> | null = null

  /** @throws KeydeskError `provider_error` where no good list came, `unavailable` */
  return function pollAllowlist() {
    underway ??= poll().finally(() => {
      underway = null
    })
    return underway
  }

  async function poll(): Promise<void> {
    const copy = await storage.accessRules.allowlistCopy()
    const known = copy?.urlHash === urlHash ? copy : null
    const at = now()
    const ageMs = known === null ? Number.POSITIVE_INFINITY : at.getTime() - known.fetchedAt.getTime()
    if (ageMs >= 0 && ageMs < intervalSeconds * 1000 * restShare) return
    const { etag = null, lastModified = null } = known ?? {}
    const fetched = await source({ etag, lastModified })
    if (fetched !== 'unchanged') await keep(read(fetched, at), known)
    else if (known !== null)
      await storage.atomically((tx) => [storage.accessRules.confirmAllowlistCopy(tx, known, at)])
  }

  async function keep(copy: AllowlistCopy, before: AllowlistCopy | null): Promise<void> {
    const domains = differenceOf(before?.domains ?? [], copy.domains)
    const emails = differenceOf(before?.emails ?? [], copy.emails)
    const hasChanged = [domains.added, domains.removed, emails.added, emails.removed].some(
      (entries) => entries.length > 0,
    )
    const event = auditEvent({
      at: copy.fetchedAt,
      action: 'allowlist.changed',
      actor: 'system',
      // Domains are facts. Addresses are people's, and only counted here.
      facts: {
        domains_added: domains.added.slice(0, namedMax),
        domains_removed: domains.removed.slice(0, namedMax),
        domains_added_count: domains.added.length,
        domains_removed_count: domains.removed.length,
        emails_added_count: emails.added.length,
        emails_removed_count: emails.removed.length,
      },
    })
    await storage.atomically((tx) => [
      { statement: storage.accessRules.keepAllowlistCopy(tx, copy), rows: 1 },
      ...(hasChanged ? storage.audit.record(tx, event) : []),
    ])
  }

  function read(fetched: FetchedAllowlist, fetchedAt: Date): AllowlistCopy {
    const domains = readEntries('allow_domain', fetched.domains)
    const emails = readEntries('allow_email', fetched.emails)
    const { etag, lastModified } = fetched
    return { id: copyId, urlHash, domains, emails, etag, lastModified, fetchedAt }
  }

  function readEntries(kind: AccessRuleKind, entries: readonly unknown[]): string[] {
    const read = entries.map((entry) => (typeof entry === 'string' ? readEntry(kind, entry.trim()) : null))
    const good = read.filter((entry) => entry !== null)
    if (good.length < read.length) {
      const what = kind === 'allow_domain' ? 'domains' : 'emails'
      report(`${read.length - good.length} of the ${what} on the list at ALLOWLIST_URL cannot be read`)
    }
    return [...new Set(good)]
  }
}

function differenceOf(before: readonly string[], after: readonly string[]) {
  const [known, wanted] = [new Set(before), new Set(after)]
  return {
    added: after.filter((entry) => !known.has(entry)),
    removed: before.filter((entry) => !wanted.has(entry)),
  }
}

function readEntry(kind: AccessRuleKind, text: string): string | null {
  const { provider, value: written } = splitProvider(text)
  const value = parseRuleValue(kind, written)
  return value === null || (provider !== null && !isProviderId(provider))
    ? null
    : `${provider ?? 'google'} ${value}`
}

import { type AccessPolicy, type AccessRule, compileAccessPolicy } from '../domain/access-policy.ts'
import { type AllowlistCopy, accessRulesChange } from '../storage/access-rules.ts'
import type { Storage } from '../storage/storage.ts'
import { type CurrentReading, createCurrentReading } from './current-reading.ts'

/** The rules from all sources, as they were when they were read. */
export interface AccessPolicies {
  /** For whoever uses what they have. The external list counts however old the copy is: it was right once. */
  readonly forUse: AccessPolicy
  /** For whoever signs in. Past its time the external list admits nobody. */
  forSignIn(): AccessPolicy
  /** The domains that may be told to anybody, by provider: those of our own rules, not those of the external list. */
  readonly ownDomains: ReadonlyMap<string, readonly string[]>
  /** The same with other rules in the place of those in the database, to see what a change would do. */
  withStored(rules: readonly AccessRule[]): AccessPolicy
}

/** Rules that do not change while the process runs. */
export interface SettledRules {
  readonly rules: readonly AccessRule[]
  readonly admins: readonly Pick<AccessRule, 'provider' | 'value'>[]
  readonly isOpenWithoutRules: boolean
  /** The issuer of each provider, by its id; null where sign-in is off. */
  readonly issuers: ReadonlyMap<string, string> | null
}

/** The external list. Its URL may hold a secret, and is only ever compared. */
export interface Allowlist {
  readonly urlHash: string
  readonly staleSecondsMax: number
}

export type Access = CurrentReading<AccessPolicies>

/** Remembers who may come in, and reads it again when an admin has changed a rule or the external list has changed. */
export function createAccess(dependencies: {
  storage: Storage
  settled: SettledRules
  /** Null where there is no external list; a copy of a former one counts for nothing then. */
  allowlist: Allowlist | null
  now: () => Date
}): Access {
  const { storage, settled, allowlist, now } = dependencies

  return createCurrentReading({
    storage,
    change: accessRulesChange,
    read: readPolicies,
    tooFast: 'The access rules change too fast. Try again.',
  })

  async function readPolicies(): Promise<AccessPolicies> {
    const stored = await storage.accessRules.all()
    const copy = await storage.accessRules.allowlistCopy()
    const listed = copy === null || copy.urlHash !== allowlist?.urlHash ? [] : rulesOf(copy)
    const compile = (rules: readonly AccessRule[]) => compileAccessPolicy({ ...settled, rules })
    const own = [...settled.rules, ...stored]
    const withList = compile([...own, ...listed])
    const withoutList = compile(own)
    return {
      forUse: withList,
      ownDomains: domainsOf(own),
      forSignIn: () => (copy === null || isFresh(copy) ? withList : withoutList),
      withStored: (rules) => compile([...settled.rules, ...rules, ...listed]),
    }
  }

  function isFresh(copy: AllowlistCopy): boolean {
    return allowlist !== null && !isStale(copy, allowlist, now())
  }
}

const clockSkewMs = 60_000

/** Whether a copy is too old to sign anybody in by, or from a future that no clock of ours should be in. */
export function isStale(copy: AllowlistCopy, { staleSecondsMax }: Allowlist, now: Date): boolean {
  const ageMs = now.getTime() - copy.fetchedAt.getTime()
  return ageMs > staleSecondsMax * 1000 || ageMs < -clockSkewMs
}

function domainsOf(rules: readonly AccessRule[]): Map<string, string[]> {
  const domains = new Map<string, string[]>()
  for (const { kind, provider, value } of rules) {
    const known = domains.get(provider) ?? []
    if (kind === 'allow_domain' && !known.includes(value)) domains.set(provider, [...known, value].sort())
  }
  return domains
}

/** A copy keeps rules as `provider value`, in the form that was checked when it was fetched. */
function rulesOf({ domains, emails }: AllowlistCopy): AccessRule[] {
  const read = (kind: AccessRule['kind'], text: string): AccessRule => {
    const [provider = '', value = ''] = text.split(' ')
    return { kind, provider, value }
  }
  return [
    ...domains.map((text) => read('allow_domain', text)),
    ...emails.map((text) => read('allow_email', text)),
  ]
}

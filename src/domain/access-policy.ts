import { emailDomain } from './email-address.ts'

export type AccessRuleKind = 'allow_domain' | 'allow_email' | 'deny_email'

/** One rule. It is of one provider, so that no second one can assert an address that was allowed for the first. */
export interface AccessRule {
  readonly kind: AccessRuleKind
  /** The id of a provider. `*`, which only a deny rule may say, is every one. */
  readonly provider: string
  /** An address or a domain, in lower-case ASCII. */
  readonly value: string
}

/** A person as a provider was last seen to say. */
export interface JudgedIdentity {
  readonly provider: string
  readonly email: string
  readonly hd: string | null
}

export interface SeenIdentity extends JudgedIdentity {
  readonly issuer: string
  /** False where the provider took it back, or named another address, at the latest try to sign in. */
  readonly emailVerified: boolean
}

/** Who may come in: all rules from all sources, made quick to ask. */
export interface AccessPolicy {
  readonly denied: ReadonlySet<string>
  readonly admins: ReadonlySet<string>
  readonly allowedEmails: ReadonlySet<string>
  readonly allowedDomains: ReadonlySet<string>
  /** Whether any verified account may come in where there is no allow rule. */
  readonly isOpenWithoutRules: boolean
  /** The issuer of each provider that is set up, by its id; null where none is, and sign-in is off. */
  readonly issuers: ReadonlyMap<string, string> | null
}

export type AccessRefusal = 'denied' | 'no_rule' | 'domain_not_allowed' | 'hd_not_allowed'
export type Admission =
  | { readonly outcome: 'admitted'; readonly role: 'admin' | 'member' }
  | { readonly outcome: 'refused'; readonly reason: AccessRefusal }

const admittedMember: Admission = { outcome: 'admitted', role: 'member' }

export function compileAccessPolicy(sources: {
  rules: readonly AccessRule[]
  admins: readonly Pick<AccessRule, 'provider' | 'value'>[]
  isOpenWithoutRules: boolean
  issuers: ReadonlyMap<string, string> | null
}): AccessPolicy {
  const ofKind = (kind: AccessRuleKind) =>
    new Set(sources.rules.filter((rule) => rule.kind === kind).map(nameOf))
  return {
    denied: ofKind('deny_email'),
    admins: new Set(sources.admins.map(nameOf)),
    allowedEmails: ofKind('allow_email'),
    allowedDomains: ofKind('allow_domain'),
    isOpenWithoutRules: sources.isOpenWithoutRules,
    issuers: sources.issuers,
  }
}

/** Whether any verified account may come in: where that is allowed, until there is an allow rule. */
export function admitsAnybody(policy: AccessPolicy): boolean {
  return policy.isOpenWithoutRules && policy.allowedDomains.size + policy.allowedEmails.size === 0
}

/** Decides of one identity (design §5). Deny beats everything, a listed address any domain, and silence admits nobody. */
export function judgeAccess({ provider, email, hd }: JudgedIdentity, policy: AccessPolicy): Admission {
  const name = nameOf({ provider, value: email })
  if (policy.denied.has(name) || policy.denied.has(nameOf({ provider: '*', value: email })))
    return refused('denied')
  if (policy.admins.has(name)) return { outcome: 'admitted', role: 'admin' }
  if (policy.allowedEmails.has(name)) return admittedMember
  if (policy.allowedDomains.has(nameOf({ provider, value: emailDomain(email) }))) {
    // At Google anybody can hold an account with an address of your domain; `hd` says that your Workspace owns it.
    if (provider !== 'google') return admittedMember
    const isOwned = hd !== null && policy.allowedDomains.has(nameOf({ provider, value: hd }))
    return isOwned ? admittedMember : refused('hd_not_allowed')
  }
  if (admitsAnybody(policy)) return admittedMember
  const hasRules = policy.allowedDomains.size + policy.allowedEmails.size > 0
  return refused(hasRules ? 'domain_not_allowed' : 'no_rule')
}

/**
 * Whether a person may still use what they have, by the identities as they were last seen: one of them is verified,
 * admitted, and of an issuer that is still trusted; and none is denied. Service accounts sign in nowhere, and no rule is about them.
 */
export function isOwnerAllowed(
  owner: { readonly kind: string; readonly identities: readonly SeenIdentity[] },
  policy: AccessPolicy,
): boolean {
  if (owner.kind === 'service') return true
  let isAdmitted = false
  for (const identity of owner.identities) {
    const admission = judgeAccess(identity, policy)
    if (admission.outcome === 'admitted') isAdmitted ||= identity.emailVerified && isTrusted(identity, policy)
    else if (admission.reason === 'denied') return false
  }
  return isAdmitted
}

/** A provider that was removed, or whose id stands for another issuer now, vouches for nobody. */
function isTrusted({ provider, issuer }: SeenIdentity, { issuers }: AccessPolicy): boolean {
  return issuers === null || issuers.get(provider) === issuer
}

function refused(reason: AccessRefusal): Admission {
  return { outcome: 'refused', reason }
}

/** No provider id and no address holds a space. */
function nameOf({ provider, value }: Pick<AccessRule, 'provider' | 'value'>): string {
  return `${provider} ${value}`
}

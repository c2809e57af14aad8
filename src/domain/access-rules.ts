import { emailDomain } from './email-address.ts'

/** Who may sign in. Addresses and domains are lower-case ASCII. */
export interface AccessRules {
  readonly allowedDomains: readonly string[]
  readonly allowedEmails: readonly string[]
  readonly adminEmails: readonly string[]
  /** Whether any verified account may come in when there is no allow rule. */
  readonly openWithoutRules: boolean
}

export interface JudgedIdentity {
  readonly provider: string
  readonly email: string
  readonly hd: string | null
}

export type Admission =
  | { readonly outcome: 'admitted'; readonly role: 'admin' | 'member' }
  | { readonly outcome: 'refused'; readonly reason: 'no_rule' | 'domain_not_allowed' | 'hd_not_allowed' }

/** Decides who may come in (design §5). Silence admits nobody but the listed admins. */
export function judgeAdmission(identity: JudgedIdentity, rules: AccessRules): Admission {
  const { email, hd, provider } = identity
  if (rules.adminEmails.includes(email)) return { outcome: 'admitted', role: 'admin' }
  if (rules.allowedEmails.includes(email)) return { outcome: 'admitted', role: 'member' }
  if (rules.allowedDomains.includes(emailDomain(email))) {
    // At Google anybody can hold an account with an address of your domain; `hd` says that your Workspace owns it.
    if (provider !== 'google') return { outcome: 'admitted', role: 'member' }
    return hd !== null && rules.allowedDomains.includes(hd)
      ? { outcome: 'admitted', role: 'member' }
      : { outcome: 'refused', reason: 'hd_not_allowed' }
  }
  const silent = rules.allowedDomains.length === 0 && rules.allowedEmails.length === 0
  if (!silent) return { outcome: 'refused', reason: 'domain_not_allowed' }
  return rules.openWithoutRules
    ? { outcome: 'admitted', role: 'member' }
    : { outcome: 'refused', reason: 'no_rule' }
}

import type { AccessPolicies } from '../services/access-policies.ts'

/** Who may come in by a provider, in so many domains at most; the rest is counted. */
const namedMax = 5

export type WhoMaySignIn = (policies: AccessPolicies) => readonly string[]

/** Sentences for the front page, worked out once for each set of rules. Addresses are never named, only domains. */
export function createWhoMaySignIn(
  providers: readonly { readonly id: string; readonly label: string }[],
  signUp: 'open' | 'invited',
): WhoMaySignIn {
  const known = new WeakMap<AccessPolicies, readonly string[]>()

  return function whoMaySignIn(policies) {
    const before = known.get(policies)
    if (before !== undefined) return before
    const sentences = describe(policies)
    known.set(policies, sentences)
    return sentences
  }

  function describe(policies: AccessPolicies): string[] {
    if (signUp === 'invited') return ['People whom an administrator has invited may sign in.']
    const policy = policies.forSignIn()
    const withDomains = providers
      .map(({ id, label }) => ({ label, domains: policies.ownDomains.get(id) ?? [] }))
      .filter(({ domains }) => domains.length > 0)
    // A listed address, or a domain that only the external list names.
    const hasOthers = policy.allowedEmails.size > 0 || policy.allowedDomains.size > countOf(policies)
    const others = hasOthers ? ['So may people whom an administrator has listed.'] : []
    const [first] = withDomains
    if (first !== undefined && providers.length === 1)
      return [`People with an account at ${named(first.domains)} may sign in.`, ...others]
    if (first !== undefined)
      return [
        ...withDomains.map(({ label, domains }) => `With ${label}: accounts at ${named(domains)}.`),
        ...others,
      ]
    if (hasOthers) return ['People whom an administrator has listed may sign in.']
    if (policy.isOpenWithoutRules) return ['Anybody with a verified account may sign in.']
    return ['Only administrators may sign in.']
  }
}

function countOf({ ownDomains }: AccessPolicies): number {
  return [...ownDomains.values()].reduce((sum, domains) => sum + domains.length, 0)
}

function named(domains: readonly string[]): string {
  const rest = domains.length - namedMax
  const shown = domains.slice(0, namedMax)
  const all = rest > 0 ? [...shown, rest === 1 ? 'one other domain' : `${rest} other domains`] : shown
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(all)
}

import type { AccessPolicy } from '../domain/access-policy.ts'

/** One or two sentences for the front page. Addresses are never named, only domains. */
export function whoMaySignIn(policy: AccessPolicy, signUp: 'open' | 'invited'): string {
  if (signUp === 'invited') return 'People whom an administrator has invited may sign in.'
  const domains = [...policy.allowedDomains].map((name) => name.slice(name.indexOf(' ') + 1))
  const hasListed = policy.allowedEmails.size > 0
  if (domains.length > 0) {
    const named = new Intl.ListFormat('en', { type: 'disjunction' }).format([...new Set(domains)].sort())
    const others = hasListed ? ', and people whom an administrator has listed' : ''
    return `People with an account at ${named} may sign in${others}.`
  }
  if (hasListed) return 'People whom an administrator has listed may sign in.'
  if (policy.isOpenWithoutRules) return 'Anybody with a verified account may sign in.'
  return 'Only administrators may sign in.'
}

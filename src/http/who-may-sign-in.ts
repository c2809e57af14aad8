import type { Config } from '../config.ts'

/** One or two sentences for the front page. Addresses are never named, only domains. */
export function whoMaySignIn(config: Config): string {
  const { allowedDomains, allowedEmails } = config
  if (allowedDomains.length > 0) {
    const domains = new Intl.ListFormat('en', { type: 'disjunction' }).format(allowedDomains)
    const others = allowedEmails.length > 0 ? ', and people whom an administrator has listed' : ''
    return `People with an account at ${domains} may sign in${others}.`
  }
  if (allowedEmails.length > 0) return 'People whom an administrator has listed may sign in.'
  if (config.admitsAnybody) return 'Anybody with a verified account may sign in.'
  return 'Only administrators may sign in.'
}

import { domainToASCII } from 'node:url'
import type { AccessRuleKind } from './access-policy.ts'
import { normalizeEmail } from './email-address.ts'

/** An id of a provider: what rules name, and what stands in paths. */
export function isProviderId(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(text)
}

/**
 * What a rule is about, in the form in which it is compared: lower-case ASCII, internationalized domains by IDNA. Null
 * for anything else, wildcards among them: a rule that cannot be read must not look as if it were in force.
 */
export function parseRuleValue(kind: AccessRuleKind, text: string): string | null {
  return kind === 'allow_domain' ? parseDomain(text) : parseEmail(text)
}

/** Reads `provider:value`; null for the provider where none is named. No address that we take holds a colon there. */
export function splitProvider(text: string): { provider: string | null; value: string } {
  const [, provider = '', value] = /^([^:]*):(.*)$/.exec(text) ?? []
  return value === undefined || (provider !== '*' && !isProviderId(provider))
    ? { provider: null, value: text }
    : { provider, value: value.trim() }
}

function parseDomain(text: string): string | null {
  // The parser of hosts would drop a path, a port and a user.
  if (/[\s/\\?#:@[\]%]/.test(text)) return null
  const domain = domainToASCII(text.toLowerCase())
  // Without a dot it is nobody's; all digits is an address, which the parser of hosts makes of `1.2` too.
  if (!domain.includes('.') || /^[0-9.]+$/.test(domain)) return null
  return normalizeEmail(`someone@${domain}`) === null ? null : domain
}

function parseEmail(text: string): string | null {
  const at = text.lastIndexOf('@')
  const domain = parseDomain(text.slice(at + 1))
  const local = text.slice(0, Math.max(0, at))
  return domain === null || /[*:]/.test(local) ? null : normalizeEmail(`${local}@${domain}`)
}

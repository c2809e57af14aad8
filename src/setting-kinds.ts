import { getPublicSuffix } from 'tldts'
import { z } from 'zod'
import type { AccessRuleKind } from './domain/access-policy.ts'
import { parseDuration } from './domain/duration.ts'
import { parsePostgresUrl } from './domain/postgres-url.ts'
import type { RateLimit } from './domain/rate-limit.ts'
import { parseReturnOrigin, type ReturnOrigin } from './domain/return-to.ts'
import { parseRuleValue, splitProvider } from './domain/rule-text.ts'

/* The kinds of value that a setting can have: each reads a text of the environment, or says what it must be. */

export const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])
export const masterKeyHint = 'make one with: openssl rand -hex 32'
// Words of sample files. Nobody's random secret holds them, and a secret that does was copied from somewhere.
const sampleWords =
  /change[-_ ]?me|replace[-_ ]?me|example|sample|placeholder|your[-_ ]|password|default|dummy|<.*>/i

export const optionalText = z.string().default('')
export const boundedInteger = (min: number, max: number) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max}`)
export const duration = z.string().transform((text, context) => {
  const seconds = parseDuration(text)
  if (seconds !== null) return seconds
  context.addIssue('must be a duration such as 30d, 12h, 10m or 45s')
  return z.NEVER
})
/** In milliseconds; besides durations of seconds and more, `500ms`. */
export const shortDuration = z.string().transform((text, context) => {
  const [, amount] = /^([1-9][0-9]{0,8})ms$/.exec(text) ?? []
  const seconds = parseDuration(text)
  if (amount !== undefined) return Number(amount)
  if (seconds !== null) return seconds * 1000
  context.addIssue('must be a duration such as 500ms, 2s or 1m')
  return z.NEVER
})
export const list = <T>(what: string, read: (item: string) => T | null) =>
  z.string().transform((text, context) => {
    const items: T[] = []
    for (const item of text.split(',').map((part) => part.trim())) {
      if (item === '') continue
      const value = read(item)
      if (value === null) context.addIssue(`"${item}" is not ${what}`)
      else items.push(value)
    }
    return items
  })
/** What a rule of the settings is about: `value`, or `provider:value`. */
const ruleList = (kind: AccessRuleKind, defaultProvider: string, what: string) =>
  list(what, (text) => {
    const { provider, value: written } = splitProvider(text)
    const value = parseRuleValue(kind, written)
    if (value === null || (provider === '*' && kind !== 'deny_email')) return null
    return { kind, provider: provider ?? defaultProvider, value }
  })
const anAddress = 'an email address, or provider:address (a wildcard matches nobody)'
export const allowedEmails = ruleList('allow_email', 'google', anAddress)
export const deniedEmails = ruleList('deny_email', '*', anAddress)
export const allowedDomains = ruleList(
  'allow_domain',
  'google',
  'a domain such as example.com, or provider:domain (no wildcard, no @)',
)
export const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true')
export const rateLimit = z.string().transform((text, context): RateLimit | null => {
  if (text === 'off') return null
  const [, limit, window] = /^([1-9][0-9]{0,6})\/(.+)$/.exec(text) ?? []
  const seconds = window === undefined ? null : parseDuration(window)
  if (limit !== undefined && seconds !== null && seconds <= 86_400) {
    return { limit: Number(limit), window_seconds: seconds }
  }
  context.addIssue('must be off, or a limit such as 100/60s (a window of at most a day)')
  return z.NEVER
})
export const secret = (lengthMin: number, fix: string) =>
  z
    .string()
    .refine((text) => text.length >= lengthMin, `must have at least ${lengthMin} characters; ${fix}`)
    .refine((text) => !sampleWords.test(text), `looks like a sample value; ${fix}`)
    .refine((text) => new Set(text).size >= 8, `repeats too few characters to be random; ${fix}`)
    .refine((text) => /^[!-~]*$/.test(text), `must be printable ASCII without spaces; ${fix}`)

/** An https URL, or http on loopback, without user, query and fragment. */
function webUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.has(url.hostname))
  return isSafe && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    ? url
    : null
}

export const baseUrl = z.string().transform((text, context) => {
  const url = webUrl(text)
  if (url !== null && url.pathname === '/' && !text.includes('?') && !text.includes('#')) return url.origin
  context.addIssue('must be a URL such as https://keys.example.com: https (http only on loopback), no path')
  return z.NEVER
})
export const issuer = z
  .string()
  .refine((text) => webUrl(text) !== null, 'must be an https URL (http only on loopback) without a query')
const postgresShape = 'postgres://user:password@host:5432/database'
export const postgresUrl = z.string().superRefine((text, context) => {
  if (!/^postgres(ql)?:/.test(text)) return context.addIssue(`must look like ${postgresShape}`)
  const address = parsePostgresUrl(text)
  if ('problem' in address) context.addIssue(address.problem)
})
export const databaseUrl = z.string().superRefine((text, context) => {
  if (/^file:.+/.test(text)) return
  const { error } = postgresUrl.safeParse(text)
  for (const { message } of error?.issues ?? []) {
    context.addIssue(
      text.startsWith('postgres') ? message : `must look like file:./data/keydesk.db or ${postgresShape}`,
    )
  }
})

/** Whether strangers can have names below it: `com`, `co.uk`, and where hosting companies give names away, `github.io`. */
function isPublicSuffix(hostname: string): boolean {
  return getPublicSuffix(hostname, { allowPrivateDomains: true }) === hostname
}

export const returnOrigins = list<ReturnOrigin>(
  'an origin such as https://app.example.com or https://*.apps.example.com (https, or http on loopback; no path, also no / at the end; no wildcard where strangers have names)',
  (text) => parseReturnOrigin(text, isPublicSuffix),
)
/** The Domain attribute of a cookie (RFC 6265bis §5.6.3). */
export const cookieDomain = z.string().transform((text, context) => {
  const domain = parseRuleValue('allow_domain', text.replace(/^\./, ''))
  if (domain === null) context.addIssue('must be a domain with a dot in it, such as example.com')
  else if (isPublicSuffix(domain))
    context.addIssue(`${domain} is a public suffix: strangers have names below it, and would get the cookie`)
  else return domain
  return z.NEVER
})
export const listUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, hash } = new URL(text)
  const isSafe = protocol === 'https:' || (protocol === 'http:' && loopbackHosts.has(hostname))
  return isSafe && username === '' && password === '' && hash === ''
}, 'must be an https URL (http only on loopback) without a user')
/** One line for people: an address, a link, or a few words. */
export const contact = z.string().regex(/^[^\p{Cc}]{1,200}$/u, 'must be one line of 200 characters at most')
/** A secret that somebody else made: any printable ASCII. */
export const foreignSecret = z
  .string()
  .regex(/^[!-~]{1,2000}$/, 'must be printable ASCII without spaces')
  .refine((text) => !isSampleSecret(text), 'looks like a sample value; get it from whoever keeps the list')

/** What somebody else made may hold any word, so this looks for the marks of a template alone. */
export function isSampleSecret(text: string): boolean {
  return /change[-_ ]?me|replace[-_ ]?me|placeholder|your[-_ ]|<.*>/i.test(text)
}
/** Origins as browsers send them: exact, never a wildcard, https or loopback. */
export const corsOrigins = list(
  'an origin such as https://app.example.com (https, or http on loopback; exact, no wildcard, no path)',
  (text) => {
    const isOrigin = /^https?:\/\/([a-z0-9.-]+|\[::1\])(:[0-9]{1,5})?\/?$/i.test(text)
    return isOrigin ? (webUrl(text)?.origin ?? null) : null
  },
)

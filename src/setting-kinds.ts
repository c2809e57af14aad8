import { z } from 'zod'
import { parseDuration } from './domain/duration.ts'
import { normalizeEmail } from './domain/email-address.ts'
import { parsePostgresUrl } from './domain/postgres-url.ts'
import type { RateLimit } from './domain/rate-limit.ts'

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
export const emails = list('an email address (a wildcard matches nobody)', (text) =>
  text.includes('*') ? null : normalizeEmail(text),
)
export const domains = list('a domain such as example.com (no wildcard, no @)', (text) =>
  normalizeEmail(`someone@${text}`) === null || !text.includes('.') ? null : text.toLowerCase(),
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

import { z } from 'zod'
import { randomText } from '../../domain/random-text.ts'
import type { RateLimit } from '../../domain/rate-limit.ts'
import type { KeyRecord } from '../../storage/keys.ts'
import { optional, words } from '../forms.ts'
import {
  allowedAddresses,
  graceSeconds,
  grantableScopes,
  label,
  metadata,
  quietSeconds,
  rateLimit,
} from './inputs.ts'

const dayMs = 86_400_000
const { limit, window_seconds: windowSeconds } = rateLimit.shape

function wholeNumber<Schema extends z.ZodType<number, number>>(schema: Schema) {
  return z
    .string()
    .regex(/^[0-9]{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(schema)
}

/** The version of what the page showed: what If-Match is to the API. */
export const versionField = wholeNumber(z.int())

/** The hidden field by which a form that is sent again is known: it makes no second key. */
export const onceField = z.string().regex(/^[0-9A-Za-z]{20}$/, 'is not the one of the page')

/** A value of that field, which no form has had yet. */
export function newOnce(): string {
  return randomText(20)
}

export const rotationFields = {
  once: onceField,
  quiet_seconds: wholeNumber(quietSeconds),
  grace_seconds: wholeNumber(graceSeconds),
}

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    context.addIssue('is not JSON')
    return z.NEVER
  }
})

/** The fields of a key in a form; `requireExpiry` belongs to them. */
export const keyFormFields = {
  name: label,
  scopes: words(grantableScopes),
  expires: z.enum(['keep', 'never', '7', '30', '90', '365', 'day']),
  expires_on: optional(z.iso.date('is not a day such as 2027-01-31')),
  rate_limit: optional(wholeNumber(limit)),
  rate_window: wholeNumber(windowSeconds),
  allowed_addresses: z.preprocess(
    (text) => (typeof text === 'string' && text.trim() === '' ? null : text),
    words(allowedAddresses).nullable(),
  ),
  metadata: jsonText.pipe(metadata),
}
type KeyFormFields = z.output<z.ZodObject<typeof keyFormFields>>

/** That the choice of an expiry and the day beside it agree: neither is passed over. */
export function requireExpiry<Schema extends z.ZodType<Pick<KeyFormFields, 'expires' | 'expires_on'>>>(
  schema: Schema,
) {
  return schema.refine(({ expires, expires_on: day }) => (expires === 'day') === (day !== null), {
    path: ['expires_on'],
    message: 'belongs to the choice “at the end of this day”, and to no other',
  })
}

/** What was filled in, for the services; an expiry that is kept is undefined. */
export function readKeyForm(fields: KeyFormFields, now: Date) {
  const rate: RateLimit | null =
    fields.rate_limit === null ? null : { limit: fields.rate_limit, window_seconds: fields.rate_window }
  return {
    name: fields.name,
    scopes: fields.scopes,
    metadata: fields.metadata,
    expiresAt: expiryOf(fields, now),
    rateLimit: rate,
    allowedAddresses: fields.allowed_addresses,
  }
}

function expiryOf({ expires, expires_on: day }: KeyFormFields, now: Date): Date | null | undefined {
  if (expires === 'keep') return undefined
  if (expires === 'never') return null
  if (expires === 'day') return day === null ? undefined : new Date(`${day}T23:59:59Z`)
  return new Date(now.getTime() + Number(expires) * dayMs)
}

/** A key as its form shows it. */
export function writeKeyForm(key: KeyRecord): Record<string, string> {
  return {
    name: key.name,
    scopes: key.scopes.join(' '),
    expires: 'keep',
    rate_limit: key.rateLimit === null ? '' : String(key.rateLimit.limit),
    rate_window: String(key.rateLimit?.window_seconds ?? 60),
    allowed_addresses: key.allowedAddresses?.join('\n') ?? '',
    metadata: JSON.stringify(key.metadata, null, 2),
    version: String(key.version),
  }
}

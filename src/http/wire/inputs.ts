import { z } from '@hono/zod-openapi'
import { groupsMax, isGroup } from '../../domain/groups.ts'
import { isProviderId, parseRuleValue } from '../../domain/rule-text.ts'
import { isReservedScope, isScope, scopesMax } from '../../domain/scopes.ts'
import { isStorableJson, isStorableText } from '../../domain/storable-text.ts'

const metadataBytesMax = 4096

export const scope = z
  .string()
  .refine(isScope, 'is not a scope: lower-case letters, digits and ._:/-, at most 64')

/** Scopes that only rights on Keydesk itself may hand out are refused here until such rights exist. */
export const grantableScopes = z
  .array(scope.refine((text) => !isReservedScope(text), 'names beginning with keydesk: are reserved'))
  .max(scopesMax)

export const group = z
  .string()
  .refine(isGroup, 'is not a group: lower-case letters, digits and ._:/-, at most 64')
export const groups = z.array(group).max(groupsMax)

/** A ceiling of scopes; null is none. Scopes of ours may be in it: whoever wants to use one needs the right all the same. */
export const scopeLimit = z.array(scope).max(scopesMax).nullable()

/** The id of a provider; whether there is such a one is known to the route. */
export const providerId = z.string().refine(isProviderId, 'is not the id of a provider')

/** An address in the form in which it is compared. */
export const emailAddress = z.string().transform((text, context) => {
  const email = parseRuleValue('allow_email', text)
  if (email !== null) return email
  context.addIssue('is not an email address that can be used here')
  return z.NEVER
})

/** A part of a name or an address, as somebody types it. */
export const searchText = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => isStorableText(text), 'holds characters that no name has')

/** One line of text for people: no control characters, not blank. */
export const label = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((text) => isStorableText(text) && !/\p{Cc}/u.test(text), 'holds characters that cannot be shown')

export const metadata = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  if (!isStorableJson(value)) {
    context.addIssue('is nested deeper than 16 levels, or holds U+0000 or a lone surrogate')
  } else if (Buffer.byteLength(JSON.stringify(value)) > metadataBytesMax) {
    context.addIssue('is larger than 4 KiB')
  }
})

/** An RFC 3339 time with its offset. */
export const instant = z.iso
  .datetime({ offset: true, error: 'is not an RFC 3339 time such as 2027-01-31T12:00:00Z' })
  .transform((text) => new Date(text))
  .refine((date) => !Number.isNaN(date.getTime()) && date.getUTCFullYear() < 10_000, 'is not a time')

const pageLimit = z
  .string()
  .regex(/^[0-9]{1,3}$/, 'must be a whole number from 1 to 200')
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 200, 'must be a whole number from 1 to 200')
  .default(50)

/** The query of a list; what it filters by is added with `extend`. */
export const pageQuery = z.strictObject({ limit: pageLimit, cursor: z.string().max(200).optional() })

/** The JSON body of a route, which has to be there. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** The id of something of ours; what could never be one is refused before a query. */
export const id = z.string().min(1).max(200).refine(isStorableText, 'holds characters that no id has')

export const idParameter = z.object({ id })

/** A limit of requests; a window of at most a day. */
export const rateLimit = z.strictObject({
  limit: z.int().min(1).max(1_000_000),
  window_seconds: z.int().min(1).max(86_400),
})

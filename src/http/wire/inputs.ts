import { z } from '@hono/zod-openapi'
import { parseRange } from '../../domain/client-address.ts'
import { groupsMax, isGroup } from '../../domain/groups.ts'
import { isProviderId, parseRuleValue } from '../../domain/rule-text.ts'
import { isGrantableScope, isScope, scopesMax } from '../../domain/scopes.ts'
import { isStorableJson, isStorableText } from '../../domain/storable-text.ts'

const metadataBytesMax = 4096
/** Of scopes and groups, for the OpenAPI document: what a refinement holds cannot be read from it. */
const namePattern = '^[a-z0-9][a-z0-9._:/-]{0,63}$'

export const scope = z
  .string()
  .refine(isScope, { error: 'is not a scope: lower-case letters, digits and ._:/-, at most 64', abort: true })
  .openapi({ pattern: namePattern })

/** Scopes for a key. Of those beginning with keydesk: only the ones that there are. */
export const grantableScopes = z
  .array(scope.refine(isGrantableScope, 'begins with keydesk: and is none of the reserved scopes'))
  .max(scopesMax)

/** Where a key may be used from: addresses and CIDR ranges. */
export const allowedAddresses = z
  .array(
    z
      .string()
      .trim()
      .refine((text) => parseRange(text) !== null, 'is not an address or a CIDR range')
      .openapi({ description: 'An address or a CIDR range.', example: '203.0.113.0/24' }),
  )
  .min(1, 'names no address: give null for anywhere')
  .max(50)

export const group = z
  .string()
  .refine(isGroup, 'is not a group: lower-case letters, digits and ._:/-, at most 64')
  .openapi({ pattern: namePattern })
export const groups = z.array(group).max(groupsMax)

/** A ceiling of scopes; null is none. Scopes of ours may be in it: whoever wants to use one needs the right all the same. */
export const scopeLimit = z.array(scope).max(scopesMax).nullable()

/** The id of a provider; whether there is such a one is known to the route. */
export const providerId = z
  .string()
  .refine(isProviderId, 'is not the id of a provider')
  .openapi({ pattern: '^[a-z][a-z0-9-]{0,31}$', example: 'google' })

/** One by which people sign in here, of a form that offers them. */
export function signInProvider(providers: readonly { readonly id: string }[]) {
  return z.enum(
    providers.map(({ id }) => id),
    'nobody can sign in with a provider of this id here',
  )
}

/** An address in the form in which it is compared. */
export const emailAddress = z
  .string()
  .transform((text, context) => {
    const email = parseRuleValue('allow_email', text)
    if (email !== null) return email
    context.addIssue('is not an email address that can be used here')
    return z.NEVER
  })
  .openapi({ format: 'email', maxLength: 254 })

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
  .min(1, 'must not be empty')
  .max(100, 'must be at most 100 characters')
  .refine((text) => isStorableText(text) && !/\p{Cc}/u.test(text), 'holds characters that cannot be shown')

/** Why a key was revoked, for whoever reads the audit trail. */
export const revocationReason = label

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
  .refine(
    (date) => date.getUTCFullYear() >= 1970 && date.getUTCFullYear() < 10_000,
    'must be between the years 1970 and 9999',
  )

const pageLimit = z
  .string()
  .regex(/^[0-9]{1,3}$/, 'must be a whole number from 1 to 200')
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 200, 'must be a whole number from 1 to 200')
  .default(50)
  .openapi({ type: 'integer', minimum: 1, maximum: 200, default: 50 })

/** The query of a list; what it filters by is added with `extend`. */
export const pageQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().max(200).optional().openapi({ description: 'The `next_cursor` of the page before.' }),
})

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

const day = 86_400
/** For how long a rotated key has to be quiet, and when it retires at the latest. */
export const quietSeconds = z
  .int()
  .min(60)
  .max(90 * day)
export const graceSeconds = z
  .int()
  .min(60)
  .max(365 * day)

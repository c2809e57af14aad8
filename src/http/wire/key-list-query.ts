import { z } from 'zod'
import type { KeyFilter } from '../../storage/key-lists.ts'
import { instant, pageQuery } from './inputs.ts'
import { keyFilter, keySort, toKeyFilter } from './key-filter.ts'

const dayMs = 86_400_000

/** A day, from its beginning in UTC, or an exact time. */
const moment = z.string().transform((text, context) => {
  const parsed = instant.safeParse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (parsed.success) return parsed.data
  context.addIssue('is not a day such as 2027-01-31')
  return z.NEVER
})

const fields = z.strictObject({
  ...keyFilter.shape,
  unused_days: z.enum(['30', '90', '180']).optional(),
  unused_since: moment.optional(),
  expiring_days: z.enum(['7', '30', '90']).optional(),
  expiring_before: moment.optional(),
})
type Fields = z.output<typeof fields>

function requireOne<Schema extends z.ZodType<Fields>>(schema: Schema) {
  return schema
    .refine((of) => of.unused_days === undefined || of.unused_since === undefined, {
      path: ['unused_since'],
      message: 'give either a number of days or a day',
    })
    .refine((of) => of.expiring_days === undefined || of.expiring_before === undefined, {
      path: ['expiring_before'],
      message: 'give either a number of days or a day',
    })
}

/** What a list of keys in the console can be narrowed by: that of the API, and a few choices. */
export const keyListFilter = requireOne(fields)

/** The query of that list. */
export const keyListQuery = requireOne(
  fields.extend({
    cursor: pageQuery.shape.cursor,
    sort: keySort,
  }),
)

/** Whether anything is left out: a status alone is all keys, or nearly. Fields that are no filter count for nothing. */
export function narrowsList(chosen: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(fields.shape).some((name) => name !== 'status' && chosen[name] !== undefined)
}

/** The choices as times, counted from now. */
export function toListFilter(chosen: Fields, now: Date): KeyFilter {
  const { unused_days, expiring_days, ...filter } = chosen
  const days = (count: string) => Number(count) * dayMs
  return toKeyFilter(
    {
      ...filter,
      // What is dead already does not expire within a time.
      status: expiring_days !== undefined && filter.status === 'all' ? 'active' : filter.status,
      unused_since:
        unused_days === undefined ? filter.unused_since : new Date(now.getTime() - days(unused_days)),
      expiring_before:
        expiring_days === undefined ? filter.expiring_before : new Date(now.getTime() + days(expiring_days)),
    },
    now,
  )
}

/** A filter as the fields of a form, with its times as they are: what was counted by it is what it takes later. */
export function writeKeyFilter(filter: KeyFilter): Record<string, string> {
  const { userId, status, search, scope, unusedSince, expiringBefore, createdThrough } = filter
  const written = {
    search,
    user_id: userId,
    status: status === 'all' ? undefined : status,
    scope,
    unused_since: unusedSince?.toISOString(),
    expiring_before: expiringBefore?.toISOString(),
    created_through: createdThrough,
  }
  const given = Object.entries(written).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(given)
}

import { z } from '@hono/zod-openapi'
import { KeydeskError } from '../../domain/errors.ts'
import type { KeyFilter } from '../../storage/key-lists.ts'
import { id, instant, scope, searchText } from './inputs.ts'

/** What lists of keys, and revoking many, can be narrowed by. */
export const keyFilter = z.strictObject({
  user_id: id.optional().openapi({ description: 'Keys of this owner.' }),
  status: z.enum(['active', 'retiring', 'revoked', 'expired', 'all']).default('all'),
  search: searchText
    .optional()
    .openapi({ description: 'A part of the key id, of the name, or of the owner’s email address.' }),
  scope: scope.optional().openapi({ description: 'Keys that carry this scope.' }),
  unused_since: instant
    .optional()
    .openapi({ description: 'Keys made before this time and not used since, or never.' }),
  expiring_before: instant.optional().openapi({ description: 'Keys that expire before this time, or did.' }),
  created_through: z
    .enum(['sso', 'admin', 'self-service'])
    .optional()
    .openapi({ description: 'Keys made by signing in, by an admin, or on the account page.' }),
})

/** The orders of lists of keys. */
export const keySort = z
  .enum(['-created_at', 'created_at', 'expires_at', '-last_used_at', 'last_used_at'])
  .default('-created_at')

/** @throws KeydeskError `invalid_request` for a time that makes no sense */
export function toKeyFilter(written: z.output<typeof keyFilter>, now: Date): KeyFilter {
  // Every key that there is would be in it. Clocks may differ a little.
  if (written.unused_since !== undefined && written.unused_since.getTime() > now.getTime() + 60_000) {
    throw new KeydeskError('invalid_request', { message: 'unused_since: is in the future.' })
  }
  return {
    userId: written.user_id,
    status: written.status,
    search: written.search,
    scope: written.scope,
    unusedSince: written.unused_since,
    expiringBefore: written.expiring_before,
    createdThrough: written.created_through,
    now,
  }
}

import { z } from '@hono/zod-openapi'
import { shownStatus } from '../../domain/key-status.ts'
import type { OwnedKey } from '../../services/owned-keys.ts'
import type { KeyRecord } from '../../storage/keys.ts'
import { toWireResponsible, wireResponsible } from './user.ts'

const wireUse = z.object({
  at: z.iso.datetime(),
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
})

const wireOwner = z
  .object({
    id: z.string(),
    kind: z.enum(['person', 'service']),
    name: z.string().nullable(),
    email: z.string().nullable(),
    responsible: wireResponsible.nullable().openapi({
      description: 'The person who answers for the owner, where that is a service account.',
    }),
  })
  .openapi('KeyOwner')

/** A key as the admin API shows it: never its text, its hash or its tag. */
export const wireKey = z
  .object({
    id: z.string(),
    name: z.string(),
    user_id: z.string(),
    owner: wireOwner,
    scopes: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()),
    rate_limit: z.object({ limit: z.int(), window_seconds: z.int() }).nullable(),
    allowed_addresses: z.array(z.string()).nullable(),
    status: z.enum(['active', 'retiring', 'revoked', 'expired']),
    created_through: z.enum(['sso', 'admin', 'self-service']),
    created_by: z.string(),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    last_used_at: z.iso.datetime().nullable(),
    last_use: wireUse.nullable().openapi({ description: 'The latest use that is known, and from where.' }),
    request_count: z.int(),
    revoked_at: z.iso.datetime().nullable(),
    revoked_reason: z.string().nullable(),
    predecessor_id: z
      .string()
      .nullable()
      .openapi({ description: 'The key in whose place this one was made.' }),
    successor_id: z.string().nullable().openapi({ description: 'The key that takes the place of this one.' }),
    rotated_at: z.iso.datetime().nullable(),
    retires_at: z.iso
      .datetime()
      .nullable()
      .openapi({ description: 'When it retires at the latest; earlier once nobody uses it any more.' }),
    quiet_seconds: z.int().nullable(),
    version: z.int(),
  })
  .openapi('Key')

export function toWireKey({ key, owner, responsible }: OwnedKey, now: Date): z.infer<typeof wireKey> {
  return {
    id: key.id,
    name: key.name,
    user_id: key.userId,
    owner: {
      id: owner.id,
      kind: owner.kind,
      name: owner.name,
      email: owner.email,
      responsible: toWireResponsible(responsible),
    },
    scopes: key.scopes,
    metadata: key.metadata,
    rate_limit: key.rateLimit,
    allowed_addresses: key.allowedAddresses,
    status: shownStatus(key, now),
    created_through: key.createdThrough,
    created_by: key.createdBy,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    last_use: lastUseOf(key),
    request_count: key.requestCount ?? 0,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    revoked_reason: key.revokedReason,
    predecessor_id: key.predecessorId,
    successor_id: key.successorId,
    rotated_at: key.rotatedAt?.toISOString() ?? null,
    retires_at: key.retiresAt?.toISOString() ?? null,
    quiet_seconds: key.quietSeconds,
    version: key.version,
  }
}

function lastUseOf({ lastUsedAt, lastAddress, lastUserAgent }: KeyRecord): z.infer<typeof wireUse> | null {
  return lastUsedAt === null
    ? null
    : { at: lastUsedAt.toISOString(), address: lastAddress, user_agent: lastUserAgent }
}

import { z } from '@hono/zod-openapi'
import { keyStatus } from '../../domain/key-status.ts'
import type { KeyRecord } from '../../storage/keys.ts'

/** A key as the admin API shows it: never its text, its hash or its tag. */
export const wireKey = z
  .object({
    id: z.string(),
    name: z.string(),
    user_id: z.string(),
    scopes: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()),
    rate_limit: z.object({ limit: z.int(), window_seconds: z.int() }).nullable(),
    status: z.enum(['active', 'revoked', 'expired']),
    created_through: z.enum(['sso', 'admin']),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    last_used_at: z.iso.datetime().nullable(),
    request_count: z.int(),
    revoked_at: z.iso.datetime().nullable(),
  })
  .openapi('Key')

export function toWireKey(key: KeyRecord, now: Date): z.infer<typeof wireKey> {
  return {
    id: key.id,
    name: key.name,
    user_id: key.userId,
    scopes: key.scopes,
    metadata: key.metadata,
    rate_limit: key.rateLimit,
    status: keyStatus(key, now),
    created_through: key.createdThrough,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    request_count: key.requestCount ?? 0,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  }
}

import { z } from '@hono/zod-openapi'
import { effectiveScopes } from '../../domain/scopes.ts'
import type { DescribedKey } from '../../services/describe-key.ts'
import type { OwnedKey } from '../../services/owned-keys.ts'
import { toWireKey, wireKey } from './key.ts'

/** What whoever holds a key may know of it, why it was revoked among it; not which admin made it. */
export const wireOwnKey = z
  .object({
    valid: z.boolean(),
    code: z
      .string()
      .nullable()
      .openapi({ description: 'Why it would be refused now; null where it is good.' }),
    key: wireKey
      .omit({ owner: true, created_by: true, version: true, quiet_seconds: true })
      .extend({ lease_until: z.iso.datetime().nullable() }),
    user: z.object({
      id: z.string(),
      kind: z.enum(['person', 'service']),
      email: z.string().nullable(),
      name: z.string().nullable(),
      responsible: z
        .object({ name: z.string().nullable() })
        .nullable()
        .openapi({ description: 'Whom to ask about the key of a service account.' }),
    }),
    last_refusals: z.array(
      z.object({
        at: z.iso.datetime(),
        code: z.string(),
        address: z.string().nullable(),
        user_agent: z.string().nullable(),
      }),
    ),
  })
  .openapi('OwnKey')

export function toWireOwnKey(
  described: DescribedKey & { reason: string | null; leaseUntil: Date | null; now: Date },
): z.output<typeof wireOwnKey> {
  const { owner, responsible, refusals, reason, leaseUntil, now } = described
  return {
    valid: reason === null,
    code: reason,
    key: { ...toOwnersWireKey(described, now), lease_until: leaseUntil?.toISOString() ?? null },
    user: {
      id: owner.id,
      kind: owner.kind,
      email: owner.email,
      name: owner.name,
      responsible: responsible === null ? null : { name: responsible.name },
    },
    last_refusals: refusals.map(({ at, reason: code, address, userAgent }) => ({
      at: at.toISOString(),
      code,
      address,
      user_agent: userAgent,
    })),
  }
}

/** A key as whoever owns or holds it sees it, with the scopes that count. */
export function toOwnersWireKey(owned: OwnedKey, now: Date) {
  const { owner: _, created_by: __, version: ___, quiet_seconds: ____, ...shown } = toWireKey(owned, now)
  return { ...shown, scopes: effectiveScopes(owned.key.scopes, owned.owner) }
}

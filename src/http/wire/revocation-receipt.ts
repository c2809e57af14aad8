import { z } from '@hono/zod-openapi'
import type { RevocationReceipt } from '../../services/revoke-key.ts'

export const wireReceipt = z
  .object({
    revoked_at: z.iso.datetime(),
    replicas: z.array(
      z.object({
        id: z.string(),
        confirmed: z.boolean().openapi({
          description: 'False: the replica said nothing until its trust in its memory had lapsed.',
        }),
        ms: z.number().openapi({ description: 'Milliseconds from the revocation until then.' }),
      }),
    ),
  })
  .openapi('RevocationReceipt')

export function toWireReceipt({ revokedAt, replicas }: RevocationReceipt): z.output<typeof wireReceipt> {
  return {
    revoked_at: revokedAt.toISOString(),
    replicas: replicas.map(({ id, confirmed, ms }) => ({ id, confirmed, ms })),
  }
}

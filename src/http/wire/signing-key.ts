import { z } from '@hono/zod-openapi'
import type { PlacedKey } from '../../services/signing-keys.ts'

export const wireSigningKey = z
  .object({
    kid: z.string().openapi({ description: 'As it stands in the header of JWTs, and in the key set.' }),
    alg: z.enum(['ES256', 'RS256']),
    created_at: z.iso.datetime(),
    status: z.enum(['signing', 'published']).openapi({
      description: '`published`: it signs no more, and JWTs that it has signed are still accepted.',
    }),
    accepted_until: z.iso
      .datetime()
      .nullable()
      .openapi({ description: 'Null while no other has taken its place.' }),
  })
  .openapi('SigningKey')

export function toWireSigningKey(
  { kid, alg, createdAt, acceptedUntil }: PlacedKey,
  signing: PlacedKey | null,
): z.infer<typeof wireSigningKey> {
  return {
    kid,
    alg,
    created_at: createdAt.toISOString(),
    status: kid === signing?.kid ? 'signing' : 'published',
    accepted_until: acceptedUntil?.toISOString() ?? null,
  }
}

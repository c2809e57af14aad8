import { z } from '@hono/zod-openapi'
import type { LiveToken } from '../../services/introspect-token.ts'

/** The answer of RFC 7662 §2.2; of what is not live, `active` alone. */
export const wireIntrospection = z
  .object({
    active: z.boolean().openapi({ description: 'Of what is not live there is nothing more.' }),
    scope: z.string().optional().openapi({ description: 'What counts right now, between spaces.' }),
    client_id: z
      .string()
      .optional()
      .openapi({ description: 'The id of the key, or of the key that the JWT came from.' }),
    username: z.string().optional().openapi({ description: 'The email address of the user.' }),
    token_type: z.literal('Bearer').optional(),
    exp: z
      .int()
      .optional()
      .openapi({ description: 'When it ends by itself; absent where that is not known.' }),
    iat: z.int().optional(),
    sub: z.string().optional().openapi({ description: 'The id of the user.' }),
    iss: z.string().optional(),
    aud: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .openapi({ description: 'Of a JWT: whom it is for.' }),
    jti: z.string().optional(),
    name: z.string().optional(),
    role: z.string().optional(),
    groups: z.array(z.string()).optional(),
  })
  .openapi('Introspection')

export function toWireIntrospection(
  live: LiveToken | null,
  issuer: string,
): z.infer<typeof wireIntrospection> {
  if (live === null) return { active: false }
  const { scopes, keyId, user, issuedAt, expiresAt, claims } = live
  return {
    active: true,
    scope: scopes.join(' '),
    ...(keyId === null ? {} : { client_id: keyId }),
    ...(user.email === null ? {} : { username: user.email }),
    token_type: 'Bearer',
    ...(expiresAt === null ? {} : { exp: toSeconds(expiresAt) }),
    iat: toSeconds(issuedAt),
    sub: user.id,
    iss: issuer,
    ...(claims === null ? {} : { aud: audienceOf(claims.aud), jti: claims.jti }),
    ...(user.name === null ? {} : { name: user.name }),
    role: user.role,
    groups: user.groups,
  }
}

function audienceOf(aud: string | readonly string[]): string | string[] {
  return typeof aud === 'string' ? aud : [...aud]
}

function toSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}

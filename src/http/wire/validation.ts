import { z } from '@hono/zod-openapi'
import { effectiveScopes } from '../../domain/scopes.ts'
import type { KeyWithOwner } from '../../storage/keys.ts'

/** What a service learns of a good key. */
export const wireValidation = z
  .object({
    valid: z.literal(true),
    key: z.object({
      id: z.string(),
      name: z.string(),
      scopes: z.array(z.string()),
      expires_at: z.iso.datetime().nullable(),
      created_at: z.iso.datetime(),
      metadata: z.record(z.string(), z.unknown()),
    }),
    user: z.object({
      id: z.string(),
      email: z.string().nullable(),
      name: z.string().nullable(),
      role: z.enum(['member', 'admin']),
      groups: z.array(z.string()),
      kind: z.enum(['person', 'service']),
    }),
  })
  .openapi('Validation')

const texts = new WeakMap<KeyWithOwner, string>()

/** The answer as text. It is the same for as long as the record is, so it is written once for each. */
export function validationText(record: KeyWithOwner): string {
  const known = texts.get(record)
  if (known !== undefined) return known
  const text = JSON.stringify(toWireValidation(record))
  texts.set(record, text)
  return text
}

function toWireValidation({ key, owner }: KeyWithOwner): z.infer<typeof wireValidation> {
  return {
    valid: true,
    key: {
      id: key.id,
      name: key.name,
      scopes: effectiveScopes(key.scopes, owner),
      expires_at: key.expiresAt?.toISOString() ?? null,
      created_at: key.createdAt.toISOString(),
      metadata: key.metadata,
    },
    user: {
      id: owner.id,
      email: owner.email,
      name: owner.name,
      role: owner.role,
      groups: owner.groups,
      kind: owner.kind,
    },
  }
}

import { z } from '@hono/zod-openapi'
import type { Identity } from '../../storage/identities.ts'
import type { User } from '../../storage/users.ts'

/** Who answers for a service account. */
export const wireResponsible = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    status: z.enum(['active', 'disabled']),
  })
  .openapi('Responsible')

export const wireUser = z
  .object({
    id: z.string(),
    kind: z.enum(['person', 'service']),
    email: z.string().nullable(),
    name: z.string().nullable(),
    picture: z.string().nullable(),
    role: z.enum(['member', 'admin']),
    groups: z.array(z.string()),
    status: z.enum(['active', 'disabled']),
    scope_limit: z.array(z.string()).nullable(),
    responsible: wireResponsible.nullable().openapi({
      description:
        'The person who answers for a service account; null where that person was erased, and for people.',
    }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    version: z.int(),
  })
  .openapi('User')

export const wireIdentity = z
  .object({
    id: z.string(),
    provider: z.string(),
    issuer: z.string(),
    subject: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    hd: z.string().nullable(),
    last_sign_in_at: z.iso.datetime(),
  })
  .openapi('Identity')

export function toWireResponsible(person: User | null): z.infer<typeof wireResponsible> | null {
  if (person === null) return null
  const { id, name, email, status } = person
  return { id, name, email, status: status === 'active' ? 'active' : 'disabled' }
}

export function toWireUser(user: User, responsible: User | null): z.infer<typeof wireUser> {
  return {
    id: user.id,
    kind: user.kind,
    email: user.email,
    name: user.name,
    picture: user.picture,
    role: user.role,
    groups: user.groups,
    // Whoever was erased is not shown.
    status: user.status === 'active' ? 'active' : 'disabled',
    scope_limit: user.scopeLimit,
    responsible: toWireResponsible(responsible),
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
    version: user.version,
  }
}

export function toWireIdentity(identity: Identity): z.infer<typeof wireIdentity> {
  return {
    id: identity.id,
    provider: identity.provider,
    issuer: identity.issuer,
    subject: identity.subject,
    email: identity.email,
    email_verified: identity.emailVerified,
    hd: identity.hd,
    last_sign_in_at: identity.lastSignInAt.toISOString(),
  }
}

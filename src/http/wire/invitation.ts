import { z } from '@hono/zod-openapi'
import type { Invitation } from '../../storage/invitations.ts'

export const wireInvitation = z
  .object({
    id: z.string(),
    provider: z.string(),
    email: z.string(),
    role: z.enum(['member', 'admin']),
    groups: z.array(z.string()),
    user_id: z.string().nullable().openapi({
      description: 'Set where whoever comes becomes one more identity of this user.',
    }),
    url: z.string().openapi({ description: 'To pass on: Keydesk sends no mail.' }),
    status: z.enum(['open', 'expired']),
    created_by: z.string(),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .openapi('Invitation')

export function toWireInvitation(
  invitation: Invitation,
  baseUrl: string,
  now: Date,
): z.output<typeof wireInvitation> {
  return {
    id: invitation.id,
    provider: invitation.provider,
    email: invitation.email,
    role: invitation.role,
    groups: invitation.groups,
    user_id: invitation.userId,
    url: `${baseUrl}/auth/login/${invitation.provider}`,
    status: invitation.expiresAt.getTime() > now.getTime() ? 'open' : 'expired',
    created_by: invitation.createdBy,
    created_at: invitation.createdAt.toISOString(),
    expires_at: invitation.expiresAt.toISOString(),
  }
}

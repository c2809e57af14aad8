import { z } from '@hono/zod-openapi'
import type { CurrentSession } from '../../services/find-session.ts'
import type { Session } from '../../storage/sessions.ts'

/** What a front end may know of who sits before it; never a token. */
export const wireSessionState = z
  .object({
    user: z.object({
      id: z.string(),
      email: z.string().nullable(),
      name: z.string().nullable(),
      picture: z.string().nullable(),
      role: z.enum(['member', 'admin']),
      groups: z.array(z.string()),
    }),
    session: z.object({
      id: z.string(),
      provider: z.string(),
      created_at: z.iso.datetime(),
      expires_at: z.iso.datetime().openapi({ description: 'The end of its longest life (SESSION_MAX).' }),
      idle_expires_at: z.iso
        .datetime()
        .openapi({ description: 'When it ends if it is not used until then (SESSION_IDLE).' }),
    }),
  })
  .openapi('SessionState')

export function toWireSessionState(current: CurrentSession): z.output<typeof wireSessionState> {
  const { user, session, idleUntil } = current
  const { id, email, name, picture, role, groups } = user
  return {
    user: { id, email, name, picture, role, groups },
    session: {
      id: session.id,
      provider: session.provider,
      created_at: session.createdAt.toISOString(),
      expires_at: session.expiresAt.toISOString(),
      idle_expires_at: idleUntil.toISOString(),
    },
  }
}

/** A session as admins see it. */
export const wireSession = z
  .object({
    id: z.string(),
    provider: z.string(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    created_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .openapi('Session')

export function toWireSession(session: Session): z.output<typeof wireSession> {
  return {
    id: session.id,
    provider: session.provider,
    address: session.address,
    user_agent: session.userAgent,
    created_at: session.createdAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
  }
}

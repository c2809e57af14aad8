import { z } from '@hono/zod-openapi'
import { auditActions } from '../../domain/audit-event.ts'
import type { AuditConditions } from '../../storage/audit.ts'
import { id, instant } from './inputs.ts'

/** What the trail is filtered by; all of it together. */
export const auditFilter = {
  action: z.enum(auditActions).optional(),
  actor: id.optional(),
  target: id.optional(),
  user_id: id.optional(),
  email: id.transform((text) => text.trim().toLowerCase()).optional(),
  since: instant.optional(),
  until: instant.optional(),
}

/** The conditions of a filter as a query spells them. */
export function toConditions({
  user_id: userId,
  ...others
}: Omit<AuditConditions, 'userId'> & { user_id?: string | undefined }): AuditConditions {
  return { ...others, userId }
}

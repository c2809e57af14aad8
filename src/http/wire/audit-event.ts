import { z } from '@hono/zod-openapi'
import type { AuditRow } from '../../storage/audit.ts'

export const wireAuditEvent = z
  .object({
    seq: z.int(),
    id: z.string(),
    at: z.iso.datetime(),
    action: z.string(),
    actor: z.string(),
    target: z.string().nullable(),
    facts: z.record(z.string(), z.unknown()),
    request_id: z.string().nullable(),
    details: z
      .object({
        email: z.string().nullable(),
        address: z.string().nullable(),
        user_agent: z.string().nullable(),
      })
      .nullable(),
  })
  .openapi('AuditEvent')

export function toWireAuditEvent({ event, details }: AuditRow): z.infer<typeof wireAuditEvent> {
  return {
    seq: event.seq,
    id: event.id,
    at: event.at.toISOString(),
    action: event.action,
    actor: event.actor,
    target: event.target,
    facts: event.facts,
    request_id: event.requestId,
    details:
      details === null
        ? null
        : { email: details.email, address: details.address, user_agent: details.userAgent },
  }
}

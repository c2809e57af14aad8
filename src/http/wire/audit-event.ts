import { z } from '@hono/zod-openapi'
import { chainProblems } from '../../domain/audit-chain.ts'
import type { AuditVerdict } from '../../services/verify-audit.ts'
import type { AuditRow, ExportedRow } from '../../storage/audit.ts'

const eventExample = {
  seq: 7,
  id: 'evt_4fQ0s1Zb9XcV2mNkLp8T',
  at: '2026-11-21T09:06:00.000Z',
  action: 'key.revoked',
  actor: 'master_key',
  target: 'key:9dKq2LmB7xRa',
  facts: { user_id: 'usr_Hf3kP0aZ7QmW2xYb' },
  request_id: 'req_8Rk2v',
  details: { email: null, address: '192.0.2.10', user_agent: 'curl/8.5.0' },
}
const sealExample = 'mJ0y3cD1r8bq2l5sQ7WnV0p4xkTg6ZfUeA9hYiKoLdE'

const fields = {
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
}

export const wireAuditEvent = z.object(fields).openapi('AuditEvent', { example: eventExample })

/** A line of the export. */
export const wireExportedEvent = z
  .object({
    ...fields,
    /** Null where the event is a moment old, and not sealed yet. */
    seal: z.string().nullable(),
    email_hash: z.string().nullable(),
    origin_hash: z.string().nullable(),
    key_id: z.string().nullable(),
  })
  .openapi('ExportedAuditEvent', {
    example: {
      ...eventExample,
      seal: sealExample,
      email_hash: null,
      origin_hash: 'b3Xw0o1q6tYc9vRz4sKp7nLm2hGf5dJa8eUiBxQyTWM',
      key_id: 'audit-1',
    },
  })

const counts = {
  events: z.int(),
  sealed: z.int(),
  erased: z.int(),
  pruned_before: z.int().nullable(),
  head: z.object({ seq: z.int(), seal: z.string() }).nullable(),
  given_head: z.enum(['in_chain', 'pruned', 'missing']).nullable(),
}

export const wireAuditVerdict = z
  .discriminatedUnion('intact', [
    z.object({ intact: z.literal(true), ...counts }),
    z.object({
      intact: z.literal(false),
      first_break: z.object({
        seq: z.int(),
        event_id: z.string().nullable(),
        problem: z.enum(chainProblems),
      }),
      ...counts,
    }),
  ])
  .openapi('AuditVerdict', {
    example: {
      intact: true,
      events: 48_212,
      sealed: 48_212,
      erased: 3,
      pruned_before: null,
      head: { seq: 48_212, seal: sealExample },
      given_head: null,
    },
  })

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

export function toWireExportedEvent(row: ExportedRow): z.infer<typeof wireExportedEvent> {
  const { seal } = row
  return {
    ...toWireAuditEvent(row),
    seal: seal?.seal ?? null,
    email_hash: seal?.emailHash ?? null,
    origin_hash: seal?.originHash ?? null,
    key_id: seal?.keyId ?? null,
  }
}

export function toWireAuditVerdict(verdict: AuditVerdict): z.infer<typeof wireAuditVerdict> {
  const { firstBreak, events, sealed, erased, prunedBefore, head, givenHead } = verdict
  const found = { events, sealed, erased, pruned_before: prunedBefore, head, given_head: givenHead }
  if (firstBreak === null) return { intact: true, ...found }
  const { seq, eventId, problem } = firstBreak
  return { intact: false, first_break: { seq, event_id: eventId, problem }, ...found }
}

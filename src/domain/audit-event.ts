import { createHmac } from 'node:crypto'
import { randomText } from './random-text.ts'

/** Everything that leaves a row in the audit trail. */
export const auditActions = [
  'sign_in.succeeded',
  'sign_in.refused',
  'session.ended',
  'sessions.ended',
  'user.created',
  'user.updated',
  'user.role_changed',
  'user.disabled',
  'user.enabled',
  'user.everything_revoked',
  'user.erased',
  'identity.linked',
  'identity.approved',
  'identity.removed',
  'invitation.created',
  'invitation.accepted',
  'invitation.withdrawn',
  'access_rule.created',
  'access_rule.deleted',
  'allowlist.changed',
  'app.created',
  'app.updated',
  'app.deleted',
  'key.minted',
  'key.first_used',
  'key.updated',
  'key.rotated',
  'key.retired',
  'key.revoked',
  'admin.refused',
  'keyring.created',
  'keyring.rewrapped',
  'keyring.rotated',
  'keyring.removed',
  'auth_code.exchanged',
  'audit.pruned',
] as const
export type AuditAction = (typeof auditActions)[number]

/** Who did it: `user:<id>`, `key:<id>`, `master_key`, `system`, or `anonymous` before anybody is known. */
export type Actor = `user:${string}` | `key:${string}` | 'master_key' | 'system' | 'anonymous'

/** Where a request came from: goes into the erasable details, apart from the facts. */
export interface Origin {
  readonly requestId: string
  readonly address: string | null
  readonly userAgent: string | null
}

export interface AuditEvent {
  readonly id: string
  readonly at: Date
  readonly action: AuditAction
  readonly actor: Actor
  /** What it was done to: `user:<id>`, `key:<id>`, `keyring:<id>`, `rule:<id>`, `app:<id>`, `invitation:<id>`, or null. */
  readonly target: string | null
  /** Facts without personal data: reasons, scopes, ids. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly requestId: string | null
  readonly email: string | null
  readonly address: string | null
  readonly userAgent: string | null
}

/** An event that is written with the change it tells of. */
export function auditEvent(event: {
  at: Date
  action: AuditAction
  actor: Actor
  target?: string | null
  facts?: Readonly<Record<string, unknown>>
  email?: string | null
  origin?: Origin
}): AuditEvent {
  return {
    id: `evt_${randomText(20)}`,
    at: event.at,
    action: event.action,
    actor: event.actor,
    target: event.target ?? null,
    facts: event.facts ?? {},
    requestId: event.origin?.requestId ?? null,
    email: event.email ?? null,
    address: event.origin?.address ?? null,
    userAgent: event.origin?.userAgent ?? null,
  }
}

/**
 * The id of the one event that somebody gets for an action within a minute, however often they try, on every replica:
 * an address, an IPv6 address by its /64, or whoever is known. It is keyed, because the address must not be readable from
 * what outlives the details.
 */
export function throttledEventId(key: Uint8Array, action: AuditAction, who: string, at: Date): string {
  const minute = Math.floor(at.getTime() / 60_000)
  const mac = createHmac('sha256', key).update(`${action}|${who}|${minute}`).digest('hex')
  return `evt_${mac.slice(0, 32)}`
}

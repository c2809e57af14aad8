import { isDeepStrictEqual } from 'node:util'
import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { type Grantor, grantRefusal } from '../domain/granting.ts'
import { loosens } from '../domain/key-limits.ts'
import type { RateLimit } from '../domain/rate-limit.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { findLiveUser } from './find-live-user.ts'
import { getKey } from './get-key.ts'
import { requireGrant } from './require-grant.ts'
import { requireVersion } from './require-version.ts'

/** What is not given stays as it is. */
export interface KeyChange {
  readonly name?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly expiresAt?: Date | null | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly rateLimit?: RateLimit | null | undefined
  readonly allowedAddresses?: readonly string[] | null | undefined
  /** When a retiring key retires at the latest. */
  readonly retiresAt?: Date | undefined
}

export type ChangeKey = ReturnType<typeof createChangeKey>

const triesMax = 3
/** Each as the API names it. */
const changeable = {
  name: 'name',
  scopes: 'scopes',
  expiresAt: 'expires_at',
  metadata: 'metadata',
  rateLimit: 'rate_limit',
  allowedAddresses: 'allowed_addresses',
  retiresAt: 'retires_at',
} as const
const graceMsMax = 365 * 86_400_000

/**
 * Changes what a key is called, carries and is limited to, and answers when no replica acts on what was before. `version`
 * is the one that the caller has seen; null takes any.
 * @throws KeydeskError `not_found`, `precondition_failed`, `invalid_request` for a time that has passed, `forbidden` where
 * the caller may not hand out what the key carries, `conflict` for a revoked key
 */
export function createChangeKey(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function changeKey(
    id: string,
    change: KeyChange,
    version: number | null,
    grantor: Grantor,
    origin: Origin,
  ): Promise<KeyRecord> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const before = await getKey(storage, id)
      requireVersion(before, version)
      if (before.revokedAt !== null)
        throw new KeydeskError('conflict', { message: 'This key is revoked, and nothing about it changes.' })
      const { after, changed } = apply(before, change, now())
      if (changed.length === 0) {
        // Whoever asked the same before may not have been answered yet.
        await storage.confirmChanges()
        return before
      }
      await requireGrants(before, after, grantor)
      const at = now()
      requireSenseOfTimes(before, after, at)
      const event = auditEvent({
        at,
        action: 'key.updated',
        actor: grantor.actor,
        target: `key:${id}`,
        facts: {
          user_id: before.userId,
          changed: changed.map((name) => changeable[name]),
          scopes: after.scopes,
          expires_at: after.expiresAt,
          ...(changed.includes('retiresAt') ? { retires_at: after.retiresAt } : {}),
        },
        origin,
      })
      const landed = await storage.atomically((tx) => [
        { statement: storage.keys.update(tx, after), rows: 1 },
        ...storage.audit.record(tx, event),
      ])
      if (landed) {
        await storage.confirmChanges()
        return { ...after, version: after.version + 1 }
      }
    }
    throw new KeydeskError('conflict', { message: 'Others changed this key at the same time. Try again.' })
  }

  /** What the key carried before needs nobody's right any more. */
  async function requireGrants(before: KeyRecord, after: KeyRecord, grantor: Grantor): Promise<void> {
    // Who may not hand out what a key carries must not make it good for longer, or from elsewhere: they may hold its text.
    if (loosens(before, after)) requireGrant(before, grantor)
    const added = after.scopes.filter((scope) => !before.scopes.includes(scope))
    if (added.length === 0) return
    const owner = await findLiveUser(storage, before.userId)
    const refusal = grantRefusal(added, owner, grantor)
    if (refusal !== null) throw new KeydeskError('invalid_request', { message: refusal })
  }
}

function apply(before: KeyRecord, change: KeyChange, at: Date) {
  const after: KeyRecord = {
    ...before,
    name: change.name ?? before.name,
    scopes: change.scopes === undefined ? before.scopes : [...new Set(change.scopes)],
    expiresAt: change.expiresAt === undefined ? before.expiresAt : change.expiresAt,
    metadata: change.metadata === undefined ? before.metadata : { ...change.metadata },
    rateLimit: change.rateLimit === undefined ? before.rateLimit : change.rateLimit,
    allowedAddresses:
      change.allowedAddresses === undefined ? before.allowedAddresses : copyOf(change.allowedAddresses),
    retiresAt: change.retiresAt ?? before.retiresAt,
  }
  const members = Object.keys(changeable) as (keyof typeof changeable)[]
  const changed = members.filter((name) => !isDeepStrictEqual(before[name], after[name]))
  const expirySetAt = changed.includes('expiresAt') ? at : before.expirySetAt
  return { after: { ...after, expirySetAt }, changed }
}

/** @throws KeydeskError `invalid_request`, `conflict` */
function requireSenseOfTimes(before: KeyRecord, after: KeyRecord, at: Date): void {
  if (isChanged(before.expiresAt, after.expiresAt) && after.expiresAt !== null && after.expiresAt <= at) {
    throw new KeydeskError('invalid_request', {
      message: 'expires_at is in the past. To end the key now, revoke it.',
    })
  }
  if (!isChanged(before.retiresAt, after.retiresAt) || after.retiresAt === null) return
  if (before.retiresAt === null) {
    throw new KeydeskError('conflict', {
      message: 'retires_at: nothing has replaced this key. Rotate it first.',
    })
  }
  const ms = after.retiresAt.getTime() - at.getTime()
  if (ms <= 0 || ms > graceMsMax) {
    throw new KeydeskError('invalid_request', {
      message: 'retires_at must be within a year from now. To end the key now, retire it.',
    })
  }
}

function isChanged(before: Date | null, after: Date | null): boolean {
  return before?.getTime() !== after?.getTime()
}

function copyOf(addresses: readonly string[] | null): string[] | null {
  return addresses === null ? null : [...addresses]
}

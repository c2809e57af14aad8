import { type AuditEvent, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Grantor } from '../domain/granting.ts'
import { keyStatus } from '../domain/key-status.ts'
import type { ApiKey, KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { findHeir } from './find-heir.ts'
import { findLiveUser } from './find-live-user.ts'
import { getKey } from './get-key.ts'
import { grantorSteps } from './grantor-steps.ts'
import type { MakeKey } from './make-key.ts'
import type { MakeOnce, OnceRequest } from './make-once.ts'
import { newKeyRow, toUnusedRecord } from './new-key-row.ts'
import { requireGrant } from './require-grant.ts'
import { requireVersion } from './require-version.ts'

export interface RotatedKey {
  /** The key that takes the place of the old one. */
  readonly successor: KeyRecord
  /** For the answer to this request and nowhere else; null where the same request has had its answer before. */
  readonly keyText: string | null
  readonly retiring: KeyRecord
}

export interface RotationTimes {
  readonly quietSeconds: number
  readonly graceSeconds: number
}

/** Where nothing else is asked for. */
export const usualTimes: RotationTimes = { quietSeconds: 86_400, graceSeconds: 30 * 86_400 }

/** RFC 3339 writes years in four digits. */
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

export type RotateKey = ReturnType<typeof createRotateKey>

/**
 * Mints the successor of a key: same owner, name, scopes and limits, and the same lifetime from now on. The old key goes
 * on working until nobody uses it any more: a sweep retires it once the successor has been used and the old one has
 * been quiet for `quietSeconds`, and `graceSeconds` from now at the latest. A key whose successor is dead is rotated like
 * one that has none. Where an admin has set the end, it stays, unless an admin rotates. `version` is the one that the caller has seen; null takes any.
 * @throws KeydeskError `not_found`, `precondition_failed`, `forbidden` where the caller may not hand out what the key
 * carries, `conflict` for a key that is dead or retiring already, or whose owner is disabled
 */
export function createRotateKey(dependencies: {
  storage: Storage
  makeKey: MakeKey
  makeOnce: MakeOnce
  now: () => Date
}) {
  const { storage, makeKey, makeOnce, now } = dependencies

  return async function rotateKey(
    id: string,
    times: RotationTimes,
    grantor: Grantor,
    origin: Origin,
    once: OnceRequest | null = null,
    version: number | null = null,
  ): Promise<RotatedKey> {
    const before = await findMade(once)
    if (before !== null) return before
    try {
      return await rotateNow(id, times, grantor, origin, once, version)
    } catch (error) {
      // The same request, come twice at once, may have been what made the key retire.
      const meanwhile = await findMade(once)
      if (meanwhile !== null) return meanwhile
      throw error
    }
  }

  async function rotateNow(
    id: string,
    { quietSeconds, graceSeconds }: RotationTimes,
    grantor: Grantor,
    origin: Origin,
    once: OnceRequest | null,
    version: number | null,
  ): Promise<RotatedKey> {
    const { actor } = grantor
    await requireRotatable(id, grantor, version)
    const made = await makeKey()
    const at = now()
    // Once more: it may carry more by now. What changes from here on keeps the list from landing.
    const old = await requireRotatable(id, grantor, version)
    const keepsEnd = isEndSetByAdmin(old) && grantor.role !== 'admin'
    const row = newKeyRow(made, {
      userId: old.userId,
      name: old.name,
      scopes: old.scopes,
      metadata: old.metadata,
      rateLimit: old.rateLimit,
      allowedAddresses: old.allowedAddresses,
      createdThrough: old.createdThrough,
      createdBy: actor,
      createdAt: at,
      expiresAt: keepsEnd ? old.expiresAt : sameLifetimeFrom(at, old),
      expirySetAt: keepsEnd ? old.expirySetAt : null,
      predecessorId: old.id,
    })
    const retirement = {
      successorId: row.id,
      rotatedAt: at,
      quietSeconds,
      retiresAt: new Date(at.getTime() + graceSeconds * 1000),
    }
    const events = eventsOf(row, { ...old, ...retirement }, { at, actor, origin })
    const landed = await storage.atomically((tx) => [
      { statement: storage.users.requireActive(tx, old.userId), rows: 1 },
      ...grantorSteps(storage, tx, grantor, at),
      storage.keys.insert(tx, row),
      { statement: storage.keys.beginRetirement(tx, old, retirement), rows: 1 },
      ...(once === null ? [] : makeOnce.steps(tx, once, row.id)),
      ...storage.audit.recordMany(tx, events),
    ])
    if (landed) {
      const retiring = { ...old, ...retirement, version: old.version + 1 }
      return { successor: toUnusedRecord(row), keyText: made.text, retiring }
    }
    await requireRotatable(id, grantor, version)
    throw new KeydeskError('conflict', { message: 'The key changed at the same time. Try again.' })
  }

  async function findMade(once: OnceRequest | null): Promise<RotatedKey | null> {
    const id = once === null ? null : await makeOnce.find(once)
    if (id === null) return null
    const successor = await getKey(storage, id)
    return { successor, keyText: null, retiring: await getKey(storage, successor.predecessorId ?? '') }
  }

  async function requireRotatable(id: string, grantor: Grantor, version: number | null): Promise<KeyRecord> {
    const key = await getKey(storage, id)
    requireVersion(key, version)
    if (keyStatus(key, now()) !== 'active') {
      throw new KeydeskError('conflict', { message: 'This key is revoked or has expired. Mint a new one.' })
    }
    const heir = await findHeir(storage, key, now())
    if (heir !== null) {
      throw new KeydeskError('conflict', {
        message: `This key is retiring: ${heir.id} has taken its place. Rotate that one instead.`,
      })
    }
    if ((await findLiveUser(storage, key.userId)).status !== 'active') {
      throw new KeydeskError('conflict', {
        message: 'The owner of this key is disabled, so no key can be made for them.',
      })
    }
    // Whoever asks is told the text of the successor: nobody must come by rights in this way that they have not.
    requireGrant(key, grantor)
    return key
  }
}

/** Each key is found in the trail by its own id. */
function eventsOf(
  row: ApiKey,
  { id, userId, retiresAt }: Pick<KeyRecord, 'id' | 'userId' | 'retiresAt'>,
  common: Pick<AuditEvent, 'at' | 'actor'> & { origin: Origin },
): AuditEvent[] {
  const { scopes, expiresAt, createdThrough } = row
  const facts = { user_id: userId, scopes, expires_at: expiresAt, created_through: createdThrough }
  return [
    auditEvent({
      ...common,
      action: 'key.rotated',
      target: `key:${id}`,
      facts: { user_id: userId, successor_id: row.id, retires_at: retiresAt },
    }),
    auditEvent({
      ...common,
      action: 'key.minted',
      target: `key:${row.id}`,
      facts: { ...facts, predecessor_id: id },
    }),
  ]
}

/** Whoever is no admin must not put off, by rotating, the end that an admin has set. */
function isEndSetByAdmin({ createdThrough, expirySetAt }: KeyRecord): boolean {
  return createdThrough === 'admin' || expirySetAt !== null
}

function sameLifetimeFrom(at: Date, { createdAt, expiresAt }: KeyRecord): Date | null {
  if (expiresAt === null) return null
  const endMs = at.getTime() + (expiresAt.getTime() - createdAt.getTime())
  return new Date(Math.min(endMs, latestMs))
}

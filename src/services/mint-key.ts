import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { type Grantor, grantRefusal } from '../domain/granting.ts'
import type { RateLimit } from '../domain/rate-limit.ts'
import type { CreatedThrough, KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { getKey } from './get-key.ts'
import { grantorSteps } from './grantor-steps.ts'
import type { MakeKey } from './make-key.ts'
import type { MakeOnce, OnceRequest } from './make-once.ts'
import { newKeyRow, toUnusedRecord } from './new-key-row.ts'

export interface MintRequest {
  readonly userId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly expiresAt: Date | null
  readonly rateLimit: RateLimit | null
  readonly allowedAddresses: readonly string[] | null
}

export interface MintedKey {
  readonly key: KeyRecord
  /** For the answer to this request and nowhere else; null where the same request has had its answer before. */
  readonly keyText: string | null
}

export type MintKey = ReturnType<typeof createMintKey>

/**
 * Mints a key for an existing user. With `once` the same request makes one key, and is told its text one time.
 * @throws KeydeskError `not_found` for an unknown user, `conflict` for a disabled one and for a name that another request
 * has, `invalid_request` for an expiry that has passed.
 */
export function createMintKey(dependencies: {
  storage: Storage
  makeKey: MakeKey
  makeOnce: MakeOnce
  now: () => Date
}) {
  const { storage, makeKey, makeOnce, now } = dependencies

  return async function mintKey(
    request: MintRequest,
    through: CreatedThrough,
    grantor: Grantor,
    origin: Origin,
    once: OnceRequest | null = null,
  ): Promise<MintedKey> {
    const before = await findMade(once)
    if (before !== null) return before
    const { actor } = grantor
    const refusal = grantRefusal(request.scopes, await requireActiveUser(request.userId), grantor)
    if (refusal !== null) throw new KeydeskError('invalid_request', { message: refusal })
    if (request.expiresAt !== null && request.expiresAt.getTime() <= now().getTime()) {
      throw new KeydeskError('invalid_request', {
        message: 'expires_at is in the past. Give a later time, or null for never.',
      })
    }
    const made = await makeKey()
    const row = newKeyRow(made, {
      userId: request.userId,
      name: request.name,
      scopes: [...new Set(request.scopes)],
      metadata: { ...request.metadata },
      rateLimit: request.rateLimit,
      allowedAddresses: request.allowedAddresses === null ? null : [...request.allowedAddresses],
      createdThrough: through,
      createdBy: actor,
      createdAt: now(),
      expiresAt: request.expiresAt,
    })
    const { userId, scopes, expiresAt } = row
    const event = auditEvent({
      at: row.createdAt,
      action: 'key.minted',
      actor,
      target: `key:${row.id}`,
      facts: { user_id: userId, scopes, expires_at: expiresAt, created_through: through },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      { statement: storage.users.requireActive(tx, row.userId), rows: 1 },
      ...grantorSteps(storage, tx, grantor, row.createdAt),
      storage.keys.insert(tx, row),
      ...(once === null ? [] : makeOnce.steps(tx, once, row.id)),
      ...storage.audit.record(tx, event),
    ])
    if (landed) return { key: toUnusedRecord(row), keyText: made.text }
    const meanwhile = await findMade(once)
    if (meanwhile !== null) return meanwhile
    await requireActiveUser(request.userId)
    throw new KeydeskError('conflict', { message: 'The user changed while the key was made. Try again.' })
  }

  async function findMade(once: OnceRequest | null): Promise<MintedKey | null> {
    const id = once === null ? null : await makeOnce.find(once)
    return id === null ? null : { key: await getKey(storage, id), keyText: null }
  }

  async function requireActiveUser(id: string): Promise<User> {
    const user = await storage.users.find(id)
    if (user === null || user.status === 'erased')
      throw new KeydeskError('not_found', { message: 'No user has this user_id.' })
    if (user.status === 'active') return user
    throw new KeydeskError('conflict', { message: 'This user is disabled, so no key can be made for them.' })
  }
}

import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { RateLimit } from '../domain/rate-limit.ts'
import type { ApiKey, KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { MakeKey } from './make-key.ts'

export interface MintRequest {
  readonly userId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly expiresAt: Date | null
  readonly rateLimit: RateLimit | null
}

export type MintKey = ReturnType<typeof createMintKey>

/**
 * Mints a key for an existing user on an admin's word.
 * @throws KeydeskError `not_found` for an unknown user, `conflict` for a disabled one, `invalid_request` for an expiry
 * that has passed.
 */
export function createMintKey(dependencies: { storage: Storage; makeKey: MakeKey; now: () => Date }) {
  const { storage, makeKey, now } = dependencies

  return async function mintKey(request: MintRequest, actor: Actor, origin: Origin) {
    await requireActiveUser(request.userId)
    if (request.expiresAt !== null && request.expiresAt.getTime() <= now().getTime()) {
      throw new KeydeskError('invalid_request', {
        message: 'expires_at is in the past. Give a later time, or null for never.',
      })
    }
    const { id, text, secretHash } = await makeKey()
    const row: ApiKey = {
      id,
      userId: request.userId,
      name: request.name,
      secretHash,
      scopes: [...new Set(request.scopes)],
      metadata: { ...request.metadata },
      rateLimit: request.rateLimit,
      createdThrough: 'admin',
      createdBy: actor,
      createdAt: now(),
      expiresAt: request.expiresAt,
      revokedAt: null,
    }
    const event = auditEvent({
      at: row.createdAt,
      action: 'key.minted',
      actor,
      target: `key:${row.id}`,
      facts: { user_id: row.userId, scopes: row.scopes, expires_at: row.expiresAt, created_through: 'admin' },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      { statement: storage.users.requireActive(tx, row.userId), rows: 1 },
      storage.keys.insert(tx, row),
      ...storage.audit.record(tx, event),
    ])
    if (!landed) {
      await requireActiveUser(request.userId)
      throw new KeydeskError('conflict', { message: 'The user changed while the key was made. Try again.' })
    }
    const { secretHash: _, ...stored } = row
    const key: KeyRecord = { ...stored, lastUsedAt: null, requestCount: null }
    return { key, keyText: text }
  }

  async function requireActiveUser(id: string): Promise<void> {
    const user = await storage.users.find(id)
    if (user === null || user.status === 'erased')
      throw new KeydeskError('not_found', { message: 'No user has this user_id.' })
    if (user.status === 'active') return
    throw new KeydeskError('conflict', { message: 'This user is disabled, so no key can be made for them.' })
  }
}

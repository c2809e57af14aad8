import type { Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Grantor } from '../domain/granting.ts'
import { keyStatus } from '../domain/key-status.ts'
import { isReservedScope } from '../domain/scopes.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { findOwnKey } from './find-own-key.ts'
import type { OnceRequest } from './make-once.ts'
import { type RotatedKey, type RotateKey, usualTimes } from './rotate-key.ts'

export type RotateOwnKey = ReturnType<typeof createRotateOwnKey>

/**
 * Rotates a key of the person who asks. There are never more than two of a kind at work: rotating is no way around the
 * number of keys that a person may have.
 * @throws KeydeskError `not_found` for a key that is not theirs, `conflict` for one that is dead, retiring, or has itself
 * replaced one that still works, and for rights on Keydesk that only admins hand out
 */
export function createRotateOwnKey(dependencies: {
  storage: Storage
  rotateKey: RotateKey
  now: () => Date
}) {
  const { storage, rotateKey, now } = dependencies

  return async function rotateOwnKey(
    userId: string,
    id: string,
    grantor: Grantor,
    origin: Origin,
    once: OnceRequest,
  ): Promise<RotatedKey> {
    const key = await findOwnKey(storage, userId, id)
    const reserved = key.scopes.find(isReservedScope)
    if (reserved !== undefined && grantor.role !== 'admin') {
      throw new KeydeskError('conflict', {
        message: `This key carries ${reserved}, which only administrators hand out. Ask one of them to rotate it.`,
      })
    }
    await requirePredecessorGone(key)
    return rotateKey(id, usualTimes, grantor, origin, once)
  }

  async function requirePredecessorGone({ predecessorId }: KeyRecord): Promise<void> {
    const before = predecessorId === null ? null : await storage.keys.find(predecessorId)
    if (before === null || keyStatus(before, now()) !== 'active') return
    throw new KeydeskError('conflict', {
      message: `The key that this one replaced, ${before.id}, still works. Retire that one first.`,
    })
  }
}

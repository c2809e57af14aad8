import { keyStatus } from '../domain/key-status.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'

/**
 * The live key that has taken the place of another: its successor, or what replaced that one in its turn. Null where
 * nothing has, and where the last of them is dead: then the key itself is all that its users have.
 */
export async function findHeir(
  storage: Storage,
  { successorId }: Pick<KeyRecord, 'successorId'>,
  now: Date,
): Promise<KeyRecord | null> {
  let id = successorId
  while (id !== null) {
    const key = await storage.keys.find(id)
    if (key === null || keyStatus(key, now) === 'active') return key
    id = key.successorId
  }
  return null
}

import { KeydeskError } from '../domain/errors.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'

/**
 * A key of this user. One of somebody else is answered exactly as one that there is not: nobody learns whose ids exist.
 * @throws KeydeskError `not_found`
 */
export async function findOwnKey(storage: Storage, userId: string, id: string): Promise<KeyRecord> {
  const key = await storage.keys.find(id)
  if (key?.userId === userId) return key
  throw new KeydeskError('not_found', { message: 'No key of yours has this id.' })
}

import { KeydeskError } from '../domain/errors.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'

/** One key. @throws KeydeskError `not_found` */
export async function getKey(storage: Storage, id: string): Promise<KeyRecord> {
  const key = await storage.keys.find(id)
  if (key === null) throw new KeydeskError('not_found', { message: 'No key has this id.' })
  return key
}

import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'

/** A user who has not been erased. @throws KeydeskError `not_found` */
export async function findLiveUser(storage: Storage, id: string): Promise<User> {
  const user = await storage.users.find(id)
  if (user !== null && user.status !== 'erased') return user
  throw new KeydeskError('not_found', { message: 'No user has this id.' })
}

import type { Identity } from '../storage/identities.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { findLiveUser } from './find-live-user.ts'

/** One user, with the identities that the user is known by. @throws KeydeskError `not_found` */
export async function getUser(storage: Storage, id: string): Promise<{ user: User; identities: Identity[] }> {
  const user = await findLiveUser(storage, id)
  return { user, identities: await storage.identities.ofUser(id) }
}

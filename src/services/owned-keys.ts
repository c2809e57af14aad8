import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { responsiblePeople } from './responsible-people.ts'

/** A key with whose it is, and who answers for that owner where it is a service account. */
export interface OwnedKey {
  readonly key: KeyRecord
  readonly owner: User
  readonly responsible: User | null
}

/** These keys with their owners: two queries, however many keys there are. */
export async function ownedKeys(storage: Storage, keys: readonly KeyRecord[]): Promise<OwnedKey[]> {
  const found = await storage.users.findAll(keys.map(({ userId }) => userId))
  const owners = new Map(found.map((owner) => [owner.id, owner]))
  const responsibleFor = await responsiblePeople(storage, found)
  return keys.flatMap((key) => {
    const owner = owners.get(key.userId)
    // Every key has one: the database holds that.
    return owner === undefined ? [] : { key, owner, responsible: responsibleFor(owner) }
  })
}

/** The same for one key. */
export async function ownedKey(storage: Storage, key: KeyRecord): Promise<OwnedKey> {
  const [owned] = await ownedKeys(storage, [key])
  if (owned === undefined) throw new Error('a key without an owner')
  return owned
}

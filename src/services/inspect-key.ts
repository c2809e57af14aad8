import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { DescribedKey } from './describe-key.ts'
import { findHeir } from './find-heir.ts'
import { getKey } from './get-key.ts'
import { ownedKey } from './owned-keys.ts'

/** Everything of a key but what verification alone needs. */
export interface InspectedKey extends DescribedKey {
  /** In whose place it was made. */
  readonly predecessor: KeyRecord | null
  /** The live key that has taken its place. */
  readonly heir: KeyRecord | null
}

/** Says what admins may know of a key. @throws KeydeskError `not_found` */
export async function inspectKey(storage: Storage, id: string, now: Date): Promise<InspectedKey> {
  const key = await getKey(storage, id)
  const { predecessorId } = key
  const [owned, refusals, predecessor, heir] = await Promise.all([
    ownedKey(storage, key),
    storage.usage.refusalsOf(id),
    predecessorId === null ? null : storage.keys.find(predecessorId),
    findHeir(storage, key, now),
  ])
  return { ...owned, refusals, predecessor, heir }
}

import type { KeyWithOwner } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { KeyRefusalRow } from '../storage/usage.ts'
import { getKey } from './get-key.ts'
import type { OwnedKey } from './owned-keys.ts'
import { responsiblePerson } from './responsible-people.ts'

/** A key with how it was used and why it was refused lately. */
export interface DescribedKey extends OwnedKey {
  /** Newest first. */
  readonly refusals: readonly KeyRefusalRow[]
}

/** Says everything of a key that whoever holds it may know. */
export async function describeKey(storage: Storage, { key, owner }: KeyWithOwner): Promise<DescribedKey> {
  return {
    key: await getKey(storage, key.id),
    owner,
    responsible: await responsiblePerson(storage, owner),
    refusals: await storage.usage.refusalsOf(key.id),
  }
}

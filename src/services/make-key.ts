import { newKeyId, newKeyText } from '../domain/key-text.ts'
import type { SecretHasher } from './hash-secret.ts'
import type { Keyring } from './open-keyring.ts'

/** What is new about a key: `text` exists nowhere else, and is to be shown once. */
export interface MadeKey {
  readonly id: string
  readonly text: string
  readonly secretHash: string
}

export type MakeKey = () => Promise<MadeKey>

/** Makes the id, the text and the hash of a key. Whoever calls stores them together with the audit event. */
export function createMakeKey(dependencies: {
  keyring: Keyring
  hasher: SecretHasher
  prefix: string
}): MakeKey {
  const { keyring, hasher, prefix } = dependencies
  const tagKey = keyring.tagKeys.at(-1)
  if (tagKey === undefined) throw new Error('the keyring holds no tag key')

  return async function makeKey() {
    const id = newKeyId()
    const text = newKeyText(id, prefix, tagKey)
    return { id, text, secretHash: await hasher.hash(text) }
  }
}

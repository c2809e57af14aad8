import { judgeKey, type KeyRefusal } from '../domain/key-status.ts'
import { hasGenuineTag, parseKeyText } from '../domain/key-text.ts'
import type { ApiKey } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { SecretHasher } from './hash-secret.ts'
import type { Keyring } from './open-keyring.ts'
import type { VerifiedSecrets } from './verified-secrets.ts'

export type Verification =
  | { readonly outcome: 'valid'; readonly key: ApiKey; readonly owner: User }
  | { readonly outcome: 'invalid_key' }
  /** Told only to who proved the whole secret. */
  | { readonly outcome: KeyRefusal; readonly key: ApiKey; readonly owner: User }

export type VerifyKey = ReturnType<typeof createVerifyKey>

/**
 * Says whether a key is good for the scopes asked, in the order of design §4: grammar, tag, record, secret, and then
 * everything that can change, judged on the record as it is when the answer is given.
 * @throws KeydeskError `unavailable` when the database does not answer: never a pass, never a refusal.
 */
export function createVerifyKey(dependencies: {
  storage: Storage
  keyring: Keyring
  hasher: SecretHasher
  verifiedSecrets: VerifiedSecrets
  now: () => Date
}) {
  const { storage, keyring, hasher, verifiedSecrets, now } = dependencies

  return async function verifyKey(presented: string, wantedScopes: readonly string[]): Promise<Verification> {
    const key = parseKeyText(presented)
    if (key === null || !hasGenuineTag(key, keyring.tagKeys)) return { outcome: 'invalid_key' }
    let record = await storage.keys.findWithOwner(key.id)
    if (record === null) return { outcome: 'invalid_key' }
    if (!verifiedSecrets.has(key.id, record.key.secretHash, key.text)) {
      const provenHash = record.key.secretHash
      if (!(await hasher.verify(provenHash, key.text))) return { outcome: 'invalid_key' }
      verifiedSecrets.remember(key.id, provenHash, key.text)
      // The hash took a while: whatever changed meanwhile counts.
      record = await storage.keys.findWithOwner(key.id)
      if (record === null || record.key.secretHash !== provenHash) return { outcome: 'invalid_key' }
    }
    const refusal = judgeKey(record.key, record.owner, wantedScopes, now())
    return { outcome: refusal ?? 'valid', key: record.key, owner: record.owner }
  }
}

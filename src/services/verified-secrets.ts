import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { sha256 } from '../domain/constant-time.ts'

/**
 * Remembers which key texts have passed Argon2id: for each key id the SHA-256 of the text and the stored hash it was
 * proven against. It holds no key text, lives in memory only, and is bounded.
 */
export interface VerifiedSecrets {
  has(keyId: string, storedHash: string, keyText: string): boolean
  remember(keyId: string, storedHash: string, keyText: string): void
}

export function createVerifiedSecrets(entriesMax: number): VerifiedSecrets {
  const proven = new LRUCache<string, { storedHash: string; digest: Buffer }>({ max: entriesMax })
  return {
    has(keyId, storedHash, keyText) {
      const known = proven.get(keyId)
      if (known === undefined || known.storedHash !== storedHash) return false
      return timingSafeEqual(known.digest, sha256(keyText))
    },
    remember(keyId, storedHash, keyText) {
      proven.set(keyId, { storedHash, digest: sha256(keyText) })
    },
  }
}

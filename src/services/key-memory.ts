import { hash, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { KeyWithOwner } from '../storage/keys.ts'

/** That a key text was proven, and the record of the key as it was in a generation of the database. */
export interface ProvenKey {
  readonly record: KeyWithOwner
  readonly generation: number
}

/**
 * What this process remembers of keys that have passed Argon2id. It holds no key text, is bounded, and vouches for
 * nothing but two facts: that a text is the one that was proven, and what the record was in a generation.
 */
export interface KeyMemory {
  /** What is known of the key, if this very text was proven; null otherwise. */
  find(keyId: string, keyText: string): ProvenKey | null
  /** Remembers a text as proven against the hash of this record. */
  rememberProof(keyText: string, record: KeyWithOwner, generation: number): void
  /** Brings a record up to date. Where its stored hash has changed, the proof is forgotten. */
  rememberRecord(record: KeyWithOwner, generation: number): void
  forget(keyId: string): void
}

/** One proof: another text or another stored hash gets another entry, never this one changed. */
interface Entry {
  readonly storedHash: string
  /** SHA-256 of the key text that passed Argon2id, in hex. */
  readonly digest: string
  record: KeyWithOwner
  generation: number
}

/** `entriesMax` bounds the memory: one to two kilobytes a key, metadata aside. */
export function createKeyMemory(entriesMax: number): KeyMemory {
  const entries = new LRUCache<string, Entry>({ max: entriesMax })
  return {
    find(keyId, keyText) {
      const entry = entries.get(keyId)
      return entry !== undefined && equalDigests(entry.digest, digestOf(keyText)) ? entry : null
    },

    rememberProof(keyText, record, generation) {
      const storedHash = record.key.secretHash
      entries.set(record.key.id, { storedHash, digest: digestOf(keyText), record, generation })
    },

    rememberRecord(record, generation) {
      const entry = entries.peek(record.key.id)
      if (entry === undefined) return
      if (entry.storedHash !== record.key.secretHash) {
        entries.delete(record.key.id)
        return
      }
      entry.record = record
      entry.generation = generation
    },

    forget: (keyId) => void entries.delete(keyId),
  }
}

/** Hex, not bytes: making a Buffer for each request takes four times as long as hashing. */
function digestOf(keyText: string): string {
  return hash('sha256', keyText)
}

function equalDigests(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))
}

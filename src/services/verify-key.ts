import { hash } from 'node:crypto'
import { hasGenuineTag, type KeyText, parseKeyText } from '../domain/key-text.ts'
import type { Storage } from '../storage/storage.ts'
import type { SecretHasher } from './hash-secret.ts'
import {
  type Current,
  invalidKey,
  type JudgeKeyUse,
  type KeyUse,
  type Verification,
} from './judge-key-use.ts'
import type { KeyMemory, ProvenKey } from './key-memory.ts'
import type { Metrics } from './metrics.ts'
import type { Keyring } from './open-keyring.ts'
import { createSharedLook } from './shared-look.ts'

export type { Verification } from './judge-key-use.ts'

export interface VerificationRequest extends Omit<KeyUse, 'carried' | 'isFromAnywhere'> {
  readonly keyText: string
}

/** Answers at once for what is no key of ours, so that forged keys cost as little as can be. */
export type VerifyKey = (request: VerificationRequest) => Verification | Promise<Verification>

/**
 * Says whether a key is good for the scopes asked, in the order of design §4. A key that is known is answered without a
 * query and without Argon2id; but everything that can change is judged, in one turn of the event loop, on a record that
 * is as of now: the look at the database says so, and it is taken after the request had arrived.
 * @throws KeydeskError `unavailable` when the database does not answer, `overloaded` when too many keys wait to be
 * hashed: never a pass, never a refusal.
 */
export function createVerifyKey(dependencies: {
  storage: Storage
  judgeKeyUse: JudgeKeyUse
  keyring: Keyring
  hasher: SecretHasher
  memory: KeyMemory
  metrics: Metrics
}): VerifyKey {
  const { storage, keyring, hasher, memory, metrics } = dependencies
  const { currentOf, readCurrent, judge, note } = dependencies.judgeKeyUse
  const hashing = new Map<string, Promise<boolean>>()

  const sharedLook = createSharedLook(storage.generation)

  return function verifyKey(request) {
    const key = parseKeyText(request.keyText)
    if (key === null) return note(invalidKey, request)
    const known = memory.find(key.id, key.text)
    // A text that is known has passed the tag before.
    if (known !== null) return verifyKnown(known, key, request)
    if (!hasGenuineTag(key, keyring.tagKeys)) return note(invalidKey, request)
    metrics.countKeyMemory('miss')
    return verifyByReading(key, request)
  }

  async function verifyKnown(
    known: ProvenKey,
    key: KeyText,
    request: VerificationRequest,
  ): Promise<Verification> {
    await sharedLook()
    const current = currentOf(known)
    metrics.countKeyMemory(current === null ? 'stale' : 'hit')
    return current === null ? verifyByReading(key, request) : judge(current, request, () => readProven(key))
  }

  /** Reads the record until it has been read, proven and judged with nothing changed in between. */
  async function verifyByReading(key: KeyText, request: VerificationRequest): Promise<Verification> {
    const current = await readProven(key)
    return current === null ? note(invalidKey, request) : judge(current, request, () => readProven(key))
  }

  /** The record as it is now, for a text that is proven; null where there is none. */
  function readProven(key: KeyText): Promise<Current | null> {
    return readCurrent(key.id, async (read) => {
      if (read === null) {
        memory.forget(key.id)
        return null
      }
      const { record, generation } = read
      memory.rememberRecord(record, generation)
      if (memory.find(key.id, key.text) !== null) return 0
      const hashBegunAt = performance.now()
      if (!(await proveOnce(record.key.secretHash, key))) return null
      memory.rememberProof(key.text, record, generation)
      return performance.now() - hashBegunAt
    })
  }

  /** One Argon2id verification for however many requests wait for it. The map is keyed by digest: it holds no key text. */
  function proveOnce(storedHash: string, key: KeyText): Promise<boolean> {
    const name = hash('sha256', `${storedHash} ${key.text}`)
    const underway = hashing.get(name)
    if (underway !== undefined) return underway
    const proof = hasher.verify(storedHash, key.text).finally(() => hashing.delete(name))
    hashing.set(name, proof)
    return proof
  }
}

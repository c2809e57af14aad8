import { hash } from 'node:crypto'
import { KeydeskError } from '../domain/errors.ts'
import { judgeKey, type KeyRefusal } from '../domain/key-status.ts'
import { hasGenuineTag, type KeyText, parseKeyText } from '../domain/key-text.ts'
import type { RateLimit, RateState } from '../domain/rate-limit.ts'
import { storableText } from '../domain/storable-text.ts'
import type { KeyWithOwner } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { SecretHasher } from './hash-secret.ts'
import type { KeyMemory, ProvenKey } from './key-memory.ts'
import type { LimitRate } from './limit-rate.ts'
import type { Metrics } from './metrics.ts'
import type { Keyring } from './open-keyring.ts'
import type { RecordUsage } from './record-usage.ts'
import { createSharedLook } from './shared-look.ts'

export interface VerificationRequest {
  readonly keyText: string
  readonly scopes: readonly string[]
  readonly address: string | null
  /** As it was sent. */
  readonly userAgent: string | undefined
}

/** Everything but `invalid_key` is told only to who proved the whole secret. */
export type Verification =
  | { readonly outcome: 'invalid_key' }
  | { readonly outcome: 'valid'; readonly record: KeyWithOwner; readonly rate: RateState | null }
  | { readonly outcome: KeyRefusal; readonly record: KeyWithOwner }
  | { readonly outcome: 'rate_limited'; readonly record: KeyWithOwner; readonly rate: RateState }

/** Answers at once for what is no key of ours, so that forged keys cost as little as can be. */
export type VerifyKey = (request: VerificationRequest) => Verification | Promise<Verification>

const invalid: Verification = { outcome: 'invalid_key' }
/** So long a record is read again and again while others change it, or the database dawdles. Hashing has its own limit. */
const readingMsMax = 1000

/**
 * Says whether a key is good for the scopes asked, in the order of design §4. A key that is known is answered without a
 * query and without Argon2id; but everything that can change is judged, in one turn of the event loop, on a record that
 * is as of now: the look at the database says so, and it is taken after the request had arrived.
 * @throws KeydeskError `unavailable` when the database does not answer, `overloaded` when too many keys wait to be
 * hashed: never a pass, never a refusal.
 */
export function createVerifyKey(dependencies: {
  storage: Storage
  keyring: Keyring
  hasher: SecretHasher
  memory: KeyMemory
  limitRate: LimitRate
  defaultRateLimit: RateLimit | null
  usage: RecordUsage
  metrics: Metrics
  now: () => Date
}): VerifyKey {
  const { storage, keyring, hasher, memory, limitRate, defaultRateLimit, usage, metrics, now } = dependencies
  const hashing = new Map<string, Promise<boolean>>()

  const sharedLook = createSharedLook(storage.generation)

  return function verifyKey(request) {
    const key = parseKeyText(request.keyText)
    if (key === null) return note(invalid, request)
    const known = memory.find(key.id, key.text)
    // A text that is known has passed the tag before.
    if (known !== null) return verifyKnown(known, key, request)
    if (!hasGenuineTag(key, keyring.tagKeys)) return note(invalid, request)
    metrics.countKeyMemory('miss')
    return verifyByReading(key, request)
  }

  async function verifyKnown(
    known: ProvenKey,
    key: KeyText,
    request: VerificationRequest,
  ): Promise<Verification> {
    await sharedLook()
    if (isCurrent(known.record, known.generation)) {
      metrics.countKeyMemory('hit')
      return judge(known.record, known.generation, key, request)
    }
    metrics.countKeyMemory('stale')
    return verifyByReading(key, request)
  }

  /** Reads the record until it has been read, proven and judged with nothing changed in between. */
  async function verifyByReading(key: KeyText, request: VerificationRequest): Promise<Verification> {
    const current = await readProven(key)
    if (current === null) return note(invalid, request)
    return judge(current.record, current.generation, key, request)
  }

  /**
   * The record as it is now, for a text that is proven; null where there is none. Nobody gives way between the last look
   * and the answer of this.
   */
  async function readProven(key: KeyText): Promise<ProvenKey | null> {
    let hashMs = 0
    const begunAt = performance.now()
    while (performance.now() - begunAt - hashMs < readingMsMax) {
      const generation = await storage.generation()
      const record = await storage.keys.findWithOwner(key.id)
      if (record === null) {
        memory.forget(key.id)
        return null
      }
      memory.rememberRecord(record, generation)
      if (memory.find(key.id, key.text) === null) {
        const hashBegunAt = performance.now()
        if (!(await proveOnce(record.key.secretHash, key))) return null
        hashMs += performance.now() - hashBegunAt
        memory.rememberProof(key.text, record, generation)
      }
      await storage.generation()
      if (isCurrent(record, generation)) return { record, generation }
    }
    throw new KeydeskError('unavailable', {
      message: 'The database changes too fast, or answers too slowly, to give a true answer. Try again.',
    })
  }

  function isCurrent({ key, owner }: KeyWithOwner, generation: number): boolean {
    return !storage.changedSince(generation, [key.id, owner.id])
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

  function judge(
    record: KeyWithOwner,
    generation: number,
    key: KeyText,
    request: VerificationRequest,
  ): Verification | Promise<Verification> {
    const at = now()
    const refusal = judgeKey(record.key, record.owner, request.scopes, at)
    if (refusal !== null) return note({ outcome: refusal, record }, request, at)
    const policy = record.key.rateLimit ?? defaultRateLimit
    if (policy === null) return note({ outcome: 'valid', record, rate: null }, request, at)
    return judgeRate(policy, { record, generation }, key, request)
  }

  async function judgeRate(
    policy: RateLimit,
    judged: ProvenKey,
    key: KeyText,
    request: VerificationRequest,
  ): Promise<Verification> {
    const rate = await limitRate(key.id, policy)
    if (!rate.allowed) return note({ outcome: 'rate_limited', record: judged.record, rate }, request)
    // Counting gave way to others: what was judged may have changed since, and is judged again then.
    await storage.generation()
    if (isCurrent(judged.record, judged.generation)) {
      return note({ outcome: 'valid', record: judged.record, rate }, request)
    }
    const fresh = await readProven(key)
    if (fresh === null) return note(invalid, request)
    const refusal = judgeKey(fresh.record.key, fresh.record.owner, request.scopes, now())
    return note(
      refusal === null
        ? { outcome: 'valid', record: fresh.record, rate }
        : { outcome: refusal, record: fresh.record },
      request,
    )
  }

  function note(verification: Verification, request: VerificationRequest, at = now()): Verification {
    metrics.countVerification(verification.outcome)
    if (verification.outcome === 'valid') usage.used(verification.record.key.id, at)
    else if (verification.outcome !== 'invalid_key') {
      usage.refused(verification.record.key.id, {
        at,
        reason: verification.outcome,
        address: request.address,
        userAgent: request.userAgent === undefined ? null : storableText(request.userAgent, 400),
      })
    }
    return verification
  }
}

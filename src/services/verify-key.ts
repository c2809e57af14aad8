import { hash } from 'node:crypto'
import { KeydeskError } from '../domain/errors.ts'
import { type Demands, judgeKey, type KeyRefusal } from '../domain/key-status.ts'
import { hasGenuineTag, type KeyText, parseKeyText } from '../domain/key-text.ts'
import type { RateLimit, RateState } from '../domain/rate-limit.ts'
import { storableText } from '../domain/storable-text.ts'
import type { KeyWithOwner } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { Access, AccessPolicies } from './access-policies.ts'
import type { SecretHasher } from './hash-secret.ts'
import { isAddressAllowed } from './key-addresses.ts'
import type { KeyMemory, ProvenKey } from './key-memory.ts'
import type { LimitRate } from './limit-rate.ts'
import type { Metrics } from './metrics.ts'
import type { Keyring } from './open-keyring.ts'
import type { FindOwnerRights } from './owner-rights.ts'
import type { RecordUsage } from './record-usage.ts'
import { createSharedLook } from './shared-look.ts'

export interface VerificationRequest extends Omit<Demands, 'isAddressAllowed'> {
  readonly keyText: string
  readonly address: string | null
  /** As it was sent. */
  readonly userAgent: string | undefined
  /** A question about the key itself: no use of it, and no refusal. */
  readonly isInspection?: boolean
}

/** Everything but `invalid_key` is told only to who proved the whole secret. */
export type Verification =
  | { readonly outcome: 'invalid_key' }
  | {
      readonly outcome: 'valid'
      readonly record: KeyWithOwner
      readonly rate: RateState | null
      /** Until when the key works without another sign-in of its owner; null where that does not matter. */
      readonly leaseUntil: Date | null
    }
  | { readonly outcome: KeyRefusal; readonly record: KeyWithOwner; readonly leaseUntil: Date | null }
  | { readonly outcome: 'rate_limited'; readonly record: KeyWithOwner; readonly rate: RateState }

/** Answers at once for what is no key of ours, so that forged keys cost as little as can be. */
export type VerifyKey = (request: VerificationRequest) => Verification | Promise<Verification>

/** A key that was proven, with its record and the rules, all of them as of now. */
interface Current extends ProvenKey {
  readonly access: AccessPolicies
}

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
  access: Access
  ownerRights: FindOwnerRights
  keyring: Keyring
  hasher: SecretHasher
  memory: KeyMemory
  limitRate: LimitRate
  defaultRateLimit: RateLimit | null
  usage: RecordUsage
  metrics: Metrics
  now: () => Date
}): VerifyKey {
  const { storage, access, ownerRights, keyring, hasher, memory } = dependencies
  const { limitRate, defaultRateLimit, usage, metrics, now } = dependencies
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
    const current = currentOf(known)
    metrics.countKeyMemory(current === null ? 'stale' : 'hit')
    return current === null ? verifyByReading(key, request) : judge(current, key, request)
  }

  /** Reads the record until it has been read, proven and judged with nothing changed in between. */
  async function verifyByReading(key: KeyText, request: VerificationRequest): Promise<Verification> {
    const current = await readProven(key)
    if (current === null) return note(invalid, request)
    return judge(current, key, request)
  }

  /**
   * The record as it is now, for a text that is proven; null where there is none. Nobody gives way between the last look
   * and the answer of this.
   */
  async function readProven(key: KeyText): Promise<Current | null> {
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
      await access.fresh()
      await storage.generation()
      const current = currentOf({ record, generation })
      if (current !== null) return current
    }
    throw new KeydeskError('unavailable', {
      message: 'The database changes too fast, or answers too slowly, to give a true answer. Try again.',
    })
  }

  /** With the rules, unless anything that is judged may have changed since the record was read. */
  function currentOf({ record, generation }: ProvenKey): Current | null {
    if (storage.changedSince(generation, [record.key.id, record.owner.id])) return null
    const policies = access.remembered()
    return policies === null ? null : { record, generation, access: policies }
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
    current: Current,
    key: KeyText,
    request: VerificationRequest,
  ): Verification | Promise<Verification> {
    const at = now()
    const verdict = judgeWithoutRate(current, request, at)
    if (verdict.outcome !== 'valid') return note(verdict, request, at)
    const policy = current.record.key.rateLimit ?? defaultRateLimit
    const isCounted = policy !== null && request.isInspection !== true
    return !isCounted ? note(verdict, request, at) : judgeRate(policy, current, key, request)
  }

  function judgeWithoutRate({ record, access: policies }: Current, request: VerificationRequest, at: Date) {
    const rights = ownerRights(record, policies.forUse)
    const { scopes, groups, address } = request
    const demands = { scopes, groups, isAddressAllowed: isAddressAllowed(record.key, address) }
    const refusal = judgeKey(record.key, record.owner, rights, demands, at)
    const { leaseUntil } = rights
    return refusal === null
      ? ({ outcome: 'valid', record, rate: null, leaseUntil } as const)
      : ({ outcome: refusal, record, leaseUntil } as const)
  }

  async function judgeRate(
    policy: RateLimit,
    judged: Current,
    key: KeyText,
    request: VerificationRequest,
  ): Promise<Verification> {
    const rate = await limitRate(key.id, policy)
    if (!rate.allowed) return note({ outcome: 'rate_limited', record: judged.record, rate }, request)
    // Counting gave way to others: what was judged may have changed since, and is judged again.
    await storage.generation()
    const current = currentOf(judged) ?? (await readProven(key))
    if (current === null) return note(invalid, request)
    const verdict = judgeWithoutRate(current, request, now())
    return note(verdict.outcome === 'valid' ? { ...verdict, rate } : verdict, request)
  }

  function note(verification: Verification, request: VerificationRequest, at = now()): Verification {
    if (request.isInspection === true) return verification
    metrics.countVerification(verification.outcome)
    const { address, userAgent } = request
    if (verification.outcome === 'valid') usage.used(verification.record.key.id, { at, address, userAgent })
    else if (verification.outcome === 'invalid_key') usage.unknown(at)
    else {
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

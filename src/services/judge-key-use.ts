import { KeydeskError } from '../domain/errors.ts'
import { type Demands, judgeKey, type KeyRefusal } from '../domain/key-status.ts'
import type { RateLimit, RateState } from '../domain/rate-limit.ts'
import { storableText } from '../domain/storable-text.ts'
import type { KeyWithOwner } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { Access, AccessPolicies } from './access-policies.ts'
import { isAddressAllowed } from './key-addresses.ts'
import type { ProvenKey } from './key-memory.ts'
import type { LimitRate } from './limit-rate.ts'
import type { Metrics } from './metrics.ts'
import type { FindOwnerRights } from './owner-rights.ts'
import type { RecordUsage } from './record-usage.ts'
import { createSharedReading } from './shared-reading.ts'

/** What somebody does with a key, whatever proved that they may. */
export interface KeyUse extends Omit<Demands, 'isAddressAllowed'> {
  readonly address: string | null
  /** As it was sent. */
  readonly userAgent: string | undefined
  /** A question about the key itself: no use of it, and no refusal. */
  readonly isInspection?: boolean
  /** Where the address that asks is not that of whoever uses the key: from where it may be used is not judged. */
  readonly isFromAnywhere?: boolean
  /** Where less than the whole key was handed out: its scopes count only as far as they are among these. */
  readonly carried?: readonly string[]
}

/** Everything but `invalid_key` is told only to who proved the whole secret, or holds a JWT that we made for it. */
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

/** A key that was proven, with its record and the rules, all of them as of now. */
export interface Current extends ProvenKey {
  readonly access: AccessPolicies
}

/**
 * Proves what was read, and remembers it. The milliseconds that it waited for anything but the database; null where there
 * is no such key, or it is not proven.
 */
export type Prove = (read: ProvenKey | null) => number | null | Promise<number | null>

export type JudgeKeyUse = ReturnType<typeof createJudgeKeyUse>

export const invalidKey: Verification = { outcome: 'invalid_key' }
/** So long a record is read again and again while others change it, or the database dawdles. Hashing has its own limit. */
const readingMsMax = 1000

/**
 * The last step of design §4, for keys and for JWTs that came from one: everything that can change is judged, in one turn
 * of the event loop, on a record that is as of now.
 */
export function createJudgeKeyUse(dependencies: {
  storage: Storage
  access: Access
  ownerRights: FindOwnerRights
  limitRate: LimitRate
  defaultRateLimit: RateLimit | null
  usage: RecordUsage
  metrics: Metrics
  now: () => Date
}) {
  const { storage, access, ownerRights, limitRate, defaultRateLimit, usage, metrics, now } = dependencies
  const readTogether = createSharedReading<KeyWithOwner | null>()
  return { currentOf, readCurrent, judge, note }

  /** With the rules, unless anything that is judged may have changed since the record was read. */
  function currentOf({ record, generation }: ProvenKey): Current | null {
    if (storage.changedSince(generation, [record.key.id, record.owner.id])) return null
    const policies = access.remembered()
    return policies === null ? null : { record, generation, access: policies }
  }

  /**
   * Reads until a record has been read and proven with nothing changed in between; null where there is none. Nobody gives
   * way between the last look and the answer of this.
   * @throws KeydeskError `unavailable`
   */
  async function readCurrent(keyId: string, prove: Prove): Promise<Current | null> {
    let waitedMs = 0
    const begunAt = performance.now()
    while (performance.now() - begunAt - waitedMs < readingMsMax) {
      const generation = await storage.generation()
      const record = await readTogether(keyId, () => storage.keys.findWithOwner(keyId))
      const read = record === null ? null : { record, generation }
      const provedMs = await prove(read)
      if (read === null || provedMs === null) return null
      waitedMs += provedMs
      await access.fresh()
      await storage.generation()
      const current = currentOf(read)
      if (current !== null) return current
    }
    throw new KeydeskError('unavailable', {
      message: 'The database changes too fast, or answers too slowly, to give a true answer. Try again.',
    })
  }

  /** `readAgain` is how the key was found and proven: counting takes time, and it may have changed meanwhile. */
  function judge(
    current: Current,
    use: KeyUse,
    readAgain: () => Promise<Current | null>,
  ): Verification | Promise<Verification> {
    const at = now()
    const verdict = judgeWithoutRate(current, use, at)
    if (verdict.outcome !== 'valid') return note(verdict, use, at)
    const policy = current.record.key.rateLimit ?? defaultRateLimit
    const isCounted = policy !== null && use.isInspection !== true
    return !isCounted ? note(verdict, use, at) : judgeRate(policy, current, use, readAgain)
  }

  function judgeWithoutRate({ record, access: policies }: Current, use: KeyUse, at: Date) {
    const rights = ownerRights(record, policies.forUse)
    const { scopes, groups, address } = use
    const isAllowed = use.isFromAnywhere === true || isAddressAllowed(record.key, address)
    const demands = { scopes, groups, isAddressAllowed: isAllowed }
    const refusal = judgeKey(carriedKey(record, use), record.owner, rights, demands, at)
    const { leaseUntil } = rights
    return refusal === null
      ? ({ outcome: 'valid', record, rate: null, leaseUntil } as const)
      : ({ outcome: refusal, record, leaseUntil } as const)
  }

  async function judgeRate(
    policy: RateLimit,
    judged: Current,
    use: KeyUse,
    readAgain: () => Promise<Current | null>,
  ): Promise<Verification> {
    const rate = await limitRate(judged.record.key.id, policy)
    if (!rate.allowed) return note({ outcome: 'rate_limited', record: judged.record, rate }, use)
    // Counting gave way to others: what was judged may have changed since, and is judged again.
    await storage.generation()
    const current = currentOf(judged) ?? (await readAgain())
    if (current === null) return note(invalidKey, use)
    const verdict = judgeWithoutRate(current, use, now())
    return note(verdict.outcome === 'valid' ? { ...verdict, rate } : verdict, use)
  }

  function note(verification: Verification, use: KeyUse, at = now()): Verification {
    if (use.isInspection === true) return verification
    metrics.countVerification(verification.outcome)
    const { address, userAgent } = use
    if (verification.outcome === 'valid') usage.used(verification.record.key.id, { at, address, userAgent })
    else if (verification.outcome === 'invalid_key') usage.unknown(at)
    else {
      usage.refused(verification.record.key.id, {
        at,
        reason: verification.outcome,
        address,
        userAgent: userAgent === undefined ? null : storableText(userAgent, 400),
      })
    }
    return verification
  }
}

/** The key with no more scopes than were handed out; the key itself where none are asked for. */
function carriedKey({ key }: KeyWithOwner, { scopes, carried }: KeyUse) {
  if (carried === undefined || scopes.length === 0) return key
  const { revokedAt, expiresAt } = key
  return { revokedAt, expiresAt, scopes: key.scopes.filter((scope) => carried.includes(scope)) }
}

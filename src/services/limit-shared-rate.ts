import { LRUCache } from 'lru-cache'
import type { RateLimit } from '../domain/rate-limit.ts'
import type { RateCounts } from '../storage/query.ts'
import { consume, createLimiters, type LimitRate, toRateState } from './limit-rate.ts'

/** What this process has let through under one name and the others do not know yet. */
interface Untold {
  /** Not sent yet. */
  points: number
  /** Sent, and not confirmed yet. */
  underway: number
  telling: Promise<void> | null
  /** When the window ends, on the monotonic clock in milliseconds. */
  endsAt: number
}

const namesMax = 100_000

/** So many requests of a window a process lets through before the others have to know: a tenth of the limit. */
export const untoldMax = (policy: RateLimit) => Math.max(1, Math.floor(policy.limit / 10))

/**
 * Fixed windows that several replicas count together. Each counts in its own memory, tells the others after its answer
 * what it has let through, and learns from that what they have. It waits for the database only where it has let through a
 * tenth of the limit unheard. So N replicas let through no fewer than `limit` requests of a window, and at most
 * `limit - 1 + N * untoldMax(policy)`.
 */
export function createLimitSharedRate(rateCounts: RateCounts): LimitRate {
  const limiterOf = createLimiters()
  const names = new LRUCache<string, Untold>({ max: namesMax })

  /** @throws KeydeskError `unavailable` where the others have to be told and the database does not answer. */
  return async function limitSharedRate(name, policy) {
    const limiter = limiterOf(policy)
    const untold = untoldOf(name, policy)
    beginWindow(untold, policy)
    while (untold.points + untold.underway >= untoldMax(policy)) {
      const known = await limiter.get(name)
      // What is known to be used up already stays so, whatever the others say.
      if (known !== null && known.consumedPoints >= policy.limit) break
      await tell(untold, name, policy)
    }
    // Before giving way, so that no request that comes meanwhile finds room that is taken.
    untold.points += 1
    const state = toRateState(policy, await consume(limiter, name))
    if (!state.allowed) untold.points = Math.max(0, untold.points - 1)
    if (untold.points * 2 >= untoldMax(policy)) {
      // A failure is noticed by whoever has to wait for it.
      tell(untold, name, policy).catch(() => undefined)
    }
    return state
  }

  function untoldOf(name: string, policy: RateLimit): Untold {
    const sharedName = nameOf(name, policy)
    const known = names.get(sharedName)
    if (known !== undefined) return known
    const made = { points: 0, underway: 0, telling: null, endsAt: 0 }
    names.set(sharedName, made)
    return made
  }

  /** One telling at a time under a name: it takes all there is, and brings back what all replicas have let through. */
  function tell(untold: Untold, name: string, policy: RateLimit): Promise<void> {
    untold.telling ??= tellOnce(untold, name, policy).finally(() => {
      untold.telling = null
    })
    return untold.telling
  }

  async function tellOnce(untold: Untold, name: string, policy: RateLimit): Promise<void> {
    untold.underway = untold.points
    untold.points = 0
    try {
      const { points, msLeft } = await rateCounts.add(
        nameOf(name, policy),
        untold.underway,
        policy.window_seconds,
      )
      untold.underway = 0
      untold.endsAt = performance.now() + msLeft
      await limiterOf(policy).set(name, points + untold.points, Math.max(msLeft, 1) / 1000)
    } catch (error) {
      untold.points += untold.underway
      untold.underway = 0
      throw error
    }
  }
}

/** What was let through in a window that has ended is told to nobody any more. */
function beginWindow(untold: Untold, policy: RateLimit): void {
  const now = performance.now()
  if (now < untold.endsAt) return
  untold.points = 0
  untold.endsAt = now + policy.window_seconds * 1000
}

/** A key whose policy is changed begins a new window. */
function nameOf(name: string, policy: RateLimit): string {
  return `${policy.limit}/${policy.window_seconds} ${name}`
}

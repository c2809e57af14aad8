import { LRUCache } from 'lru-cache'
import { KeydeskError } from '../domain/errors.ts'
import type { RateLimit } from '../domain/rate-limit.ts'
import type { RateCounts } from '../storage/query.ts'
import { consume, createLimiters, type LimitRate, toRateState } from './limit-rate.ts'

/** What this process has let through under one name in one window, and the others do not know yet. */
interface Untold {
  /** Not sent yet. */
  points: number
  /** Sent, and not confirmed yet. */
  underway: number
  telling: Promise<void> | null
}

/** A window of the clock, the same one for every replica whose clock agrees. */
interface Window {
  readonly name: string
  readonly secondsLeft: number
}

const namesMax = 100_000
const waitMsMax = 1000

/** So many requests of a window a process lets through before the others have to know: a tenth of the limit. */
export const untoldMax = (policy: RateLimit) => Math.max(1, Math.floor(policy.limit / 10))

/**
 * Fixed windows of the clock that several replicas count together. Each counts in its own memory, tells the others after
 * its answer what it has let through, and learns from that what they have. It waits for the database only where it has
 * let through a tenth of the limit unheard. So N replicas let through at most `limit - 1 + N * untoldMax(policy)` requests
 * of a window and, while the database answers, no fewer than `limit`.
 */
export function createLimitSharedRate(rateCounts: RateCounts): LimitRate {
  const limiterOf = createLimiters()
  const names = new LRUCache<string, Untold>({ max: namesMax })

  /** @throws KeydeskError `unavailable` where the others have to be told and the database does not answer in time. */
  return async function limitSharedRate(name, policy) {
    const limiter = limiterOf(policy)
    const window = windowOf(name, policy)
    const untold = untoldOf(window.name)
    const begunAt = performance.now()
    while (untold.points + untold.underway >= untoldMax(policy)) {
      const known = await limiter.get(window.name)
      // What is known to be used up already stays so, whatever the others say.
      if (known !== null && known.consumedPoints >= policy.limit) break
      if (performance.now() - begunAt > waitMsMax) throw tooSlow()
      await tell(untold, window, policy)
    }
    // Before giving way, so that no request that comes meanwhile finds room that is taken.
    untold.points += 1
    const state = toRateState(policy, await consume(limiter, window.name, window.secondsLeft))
    if (!state.allowed) untold.points = Math.max(0, untold.points - 1)
    if (untold.points * 2 >= untoldMax(policy)) {
      // A failure is noticed by whoever has to wait for it.
      tell(untold, window, policy).catch(() => undefined)
    }
    return state
  }

  function untoldOf(windowName: string): Untold {
    const known = names.get(windowName)
    if (known !== undefined) return known
    const made = { points: 0, underway: 0, telling: null }
    names.set(windowName, made)
    return made
  }

  /** One telling at a time in a window: it takes all there is, and brings back what all replicas have let through. */
  function tell(untold: Untold, window: Window, policy: RateLimit): Promise<void> {
    untold.telling ??= tellOnce(untold, window, policy).finally(() => {
      untold.telling = null
    })
    return untold.telling
  }

  async function tellOnce(untold: Untold, window: Window, policy: RateLimit): Promise<void> {
    untold.underway = untold.points
    untold.points = 0
    try {
      const { points } = await rateCounts.add(window.name, untold.underway, window.secondsLeft)
      untold.underway = 0
      await limiterOf(policy).set(window.name, points + untold.points, window.secondsLeft)
    } catch (error) {
      untold.points += untold.underway
      untold.underway = 0
      throw error
    }
  }
}

/** A key whose policy is changed begins a new window. */
function windowOf(name: string, policy: RateLimit): Window {
  const windowMs = policy.window_seconds * 1000
  const now = Date.now()
  const number = Math.floor(now / windowMs)
  return {
    name: `${policy.limit}/${policy.window_seconds} ${number} ${name}`,
    secondsLeft: ((number + 1) * windowMs - now) / 1000,
  }
}

function tooSlow(): KeydeskError {
  return new KeydeskError('unavailable', {
    message: 'The limit of this key could not be counted in time. Try again in a moment.',
  })
}

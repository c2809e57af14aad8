import { LRUCache } from 'lru-cache'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateLimit, RateState } from '../domain/rate-limit.ts'

/** Counts one request under `name` against a policy, and answers where that leaves it. */
export type LimitRate = (name: string, policy: RateLimit) => Promise<RateState>

/**
 * Fixed windows, counted in this process. Under one name exactly `limit` requests of a window are allowed. Where names
 * come from outside, `namesMax` bounds how many are remembered: past it the ones not seen for longest begin anew.
 */
export function createLimitRate(namesMax?: number): LimitRate {
  const limiterOf = createLimiters()
  const names = namesMax === undefined ? null : createBoundedNames(namesMax)

  return async function limitRate(name, policy) {
    const limiter = limiterOf(policy)
    names?.set(name, limiter)
    return toRateState(policy, await consume(limiter, name))
  }
}

/** One limiter for each policy in use: a key whose policy is changed begins a new window. */
export function createLimiters(): (policy: RateLimit) => RateLimiterMemory {
  const limiters = new Map<string, RateLimiterMemory>()
  return (policy) => {
    const policyName = `${policy.limit}/${policy.window_seconds}`
    const known = limiters.get(policyName)
    if (known !== undefined) return known
    const made = new RateLimiterMemory({ points: policy.limit, duration: policy.window_seconds })
    limiters.set(policyName, made)
    return made
  }
}

export function toRateState(policy: RateLimit, result: RateLimiterRes): RateState {
  return {
    policy,
    allowed: result.consumedPoints <= policy.limit,
    remaining: Math.max(0, policy.limit - result.consumedPoints),
    resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
  }
}

function createBoundedNames(max: number): LRUCache<string, RateLimiterMemory> {
  return new LRUCache({
    max,
    dispose: (limiter, name, reason) => {
      if (reason === 'evict') void limiter.delete(name)
    },
  })
}

/** The library rejects with the same result when the limit is passed. A window that begins now ends after `seconds`. */
export async function consume(
  limiter: RateLimiterMemory,
  name: string,
  seconds?: number,
): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(name, 1, seconds === undefined ? {} : { customDuration: seconds })
  } catch (result) {
    if (result instanceof RateLimiterRes) return result
    throw result
  }
}

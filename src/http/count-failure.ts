import { KeydeskError } from '../domain/errors.ts'
import { type RateLimit, type RateState, rateLimitHeaders } from '../domain/rate-limit.ts'
import type { LimitRate } from '../services/limit-rate.ts'

/** Counts a failing credential of an address: the state of the limit where it is passed, else null. */
export type CountFailure = (bucket: string) => Promise<RateState | null>

export const tooManyFailures =
  'Too many failing credentials came from your address. Wait as long as Retry-After says.'

/**
 * One count for every door: keys, the master key, the token of the metrics. Past the limit failing answers become 429; a
 * good credential is never counted, so junk sent through one service cannot lock that service out.
 */
export function createCountFailure(limitRate: LimitRate, limit: RateLimit | null): CountFailure | null {
  if (limit === null) return null
  return async function countFailure(bucket) {
    const state = await limitRate(`failures ${bucket}`, limit)
    return state.allowed ? null : state
  }
}

/** Counts, and refuses with 429 past the limit. @throws KeydeskError `rate_limited` */
export async function refuseTooManyFailures(
  c: { header(name: string, value: string): void },
  countFailure: CountFailure | null,
  bucket: string,
): Promise<void> {
  const state = (await countFailure?.(bucket)) ?? null
  if (state === null) return
  for (const [name, value] of Object.entries(rateLimitHeaders('failures', state))) c.header(name, value)
  throw new KeydeskError('rate_limited', { message: tooManyFailures })
}

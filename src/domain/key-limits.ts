import { isAddressWithin, parseRange } from './client-address.ts'
import type { RateLimit } from './rate-limit.ts'

/** For how long, from where and how often a key is good. Null is without a limit. */
export interface KeyLimits {
  readonly expiresAt: Date | null
  readonly retiresAt: Date | null
  readonly allowedAddresses: readonly string[] | null
  readonly rateLimit: RateLimit | null
}

/** Whether a change makes a key good for longer, from elsewhere, or more often. What is not clear counts as if it did. */
export function loosens(before: KeyLimits, after: KeyLimits): boolean {
  return (
    isLater(before.expiresAt, after.expiresAt) ||
    isLater(before.retiresAt, after.retiresAt) ||
    isFromElsewhere(before.allowedAddresses, after.allowedAddresses) ||
    isMoreOften(before.rateLimit, after.rateLimit)
  )
}

function isLater(before: Date | null, after: Date | null): boolean {
  return before !== null && (after === null || after > before)
}

function isFromElsewhere(before: readonly string[] | null, after: readonly string[] | null): boolean {
  if (before === null) return false
  return after === null || !after.every((range) => before.some((outer) => isRangeWithin(range, outer)))
}

function isRangeWithin(text: string, outerText: string): boolean {
  const [range, outer] = [parseRange(text), parseRange(outerText)]
  if (range === null || outer === null) return false
  const [base, bits] = range
  return bits >= outer[1] && isAddressWithin(base.toString(), [outer])
}

/** Limits of different windows are not compared. */
function isMoreOften(before: RateLimit | null, after: RateLimit | null): boolean {
  if (before === null) return false
  return after === null || after.window_seconds !== before.window_seconds || after.limit > before.limit
}

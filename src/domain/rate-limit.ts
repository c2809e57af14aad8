import ipaddr from 'ipaddr.js'

/** At most `limit` in each window of `window_seconds`. Stored and sent in this form. */
export interface RateLimit {
  readonly limit: number
  readonly window_seconds: number
}

/** What a caller may know of a limit after a request was counted. */
export interface RateState {
  readonly policy: RateLimit
  readonly allowed: boolean
  readonly remaining: number
  /** Seconds until the window ends, rounded up. */
  readonly resetSeconds: number
}

/** Headers of draft-ietf-httpapi-ratelimit-headers: the policy, what is left of it, and when to come back. */
export function rateLimitHeaders(name: string, state: RateState): Record<string, string> {
  return {
    'RateLimit-Policy': `"${name}";q=${state.policy.limit};w=${state.policy.window_seconds}`,
    RateLimit: `"${name}";r=${state.remaining};t=${state.resetSeconds}`,
    ...(state.allowed ? {} : { 'Retry-After': String(state.resetSeconds) }),
  }
}

/**
 * Under which name an address is counted: an IPv4 address alone, an IPv6 address by its /64, which is what one customer
 * gets. An IPv4-mapped address is its IPv4 address.
 */
export function addressBucket(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.toString()
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}

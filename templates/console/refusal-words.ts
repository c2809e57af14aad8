const words: Record<string, string> = {
  invalid_key: 'no key of this desk',
  revoked_key: 'revoked',
  expired_key: 'expired',
  user_disabled: 'owner disabled',
  owner_not_allowed: 'owner may not come in',
  lease_expired: 'owner has to sign in again',
  insufficient_scope: 'scope missing',
  not_allowed: 'from a wrong address',
  forbidden: 'group missing',
  rate_limited: 'too many requests',
}

/** Why a key was refused, in a few words. A reason that is new here is shown as it is. */
export function refusalWords(reason: string): string {
  return Object.hasOwn(words, reason) ? (words[reason] ?? reason) : reason
}

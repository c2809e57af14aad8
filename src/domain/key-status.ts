import { effectiveScopes } from './scopes.ts'

export type KeyStatus = 'active' | 'revoked' | 'expired'

/** What is judged of a key and its owner at every use. */
export interface JudgedKey {
  readonly revokedAt: Date | null
  readonly expiresAt: Date | null
  readonly scopes: readonly string[]
}
export interface JudgedOwner {
  readonly status: string
  readonly scopeLimit: readonly string[] | null
  readonly role: string
  readonly groups: readonly string[]
}

/** What is asked of a key beyond being good: every scope, and that its owner is in every group. */
export interface Demands {
  /** Whether the key may be used from where the request came. */
  readonly isAddressAllowed: boolean
  readonly scopes: readonly string[]
  readonly groups: readonly string[]
}

/** What the rules say of an owner right now. */
export interface OwnerRights {
  readonly isAllowed: boolean
  /** Until when the owner may go without signing in; null where that does not matter. */
  readonly leaseUntil: Date | null
}

export type KeyRefusal =
  | 'revoked_key'
  | 'user_disabled'
  | 'owner_not_allowed'
  | 'expired_key'
  | 'lease_expired'
  | 'not_allowed'
  | 'insufficient_scope'
  | 'forbidden'

/** The state of a key as such. Revoked wins over expired: it was somebody's decision, and it is final. */
export function keyStatus(key: Pick<JudgedKey, 'revokedAt' | 'expiresAt'>, now: Date): KeyStatus {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt !== null && key.expiresAt.getTime() <= now.getTime()) return 'expired'
  return 'active'
}

/** The same as people are told it: a key that another is to replace is still active, and on its way out. */
export function shownStatus(
  key: Pick<JudgedKey, 'revokedAt' | 'expiresAt'> & { readonly successorId: string | null },
  now: Date,
): KeyStatus | 'retiring' {
  const status = keyStatus(key, now)
  return status === 'active' && key.successorId !== null ? 'retiring' : status
}

/** Why a key whose secret is proven is refused all the same, or null when it is good for `demands`. */
export function judgeKey(
  key: JudgedKey,
  owner: JudgedOwner,
  rights: OwnerRights,
  demands: Demands,
  now: Date,
): KeyRefusal | null {
  const status = keyStatus(key, now)
  if (status === 'revoked') return 'revoked_key'
  // Anything but the one good word refuses: a status that this version does not know must not pass.
  if (owner.status !== 'active') return 'user_disabled'
  if (!rights.isAllowed) return 'owner_not_allowed'
  if (status === 'expired') return 'expired_key'
  if (rights.leaseUntil !== null && rights.leaseUntil.getTime() <= now.getTime()) return 'lease_expired'
  if (!demands.isAddressAllowed) return 'not_allowed'
  if (demands.scopes.length > 0) {
    const scopes = effectiveScopes(key.scopes, owner)
    if (!demands.scopes.every((scope) => scopes.includes(scope))) return 'insufficient_scope'
  }
  return demands.groups.every((group) => owner.groups.includes(group)) ? null : 'forbidden'
}

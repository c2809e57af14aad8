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
}

export type KeyRefusal = 'revoked_key' | 'user_disabled' | 'expired_key' | 'insufficient_scope'

/** The state of a key as such. Revoked wins over expired: it was somebody's decision, and it is final. */
export function keyStatus(key: Pick<JudgedKey, 'revokedAt' | 'expiresAt'>, now: Date): KeyStatus {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt !== null && key.expiresAt.getTime() <= now.getTime()) return 'expired'
  return 'active'
}

/** Why a key whose secret is proven is refused all the same, or null when it is good for `wantedScopes`. */
export function judgeKey(
  key: JudgedKey,
  owner: JudgedOwner,
  wantedScopes: readonly string[],
  now: Date,
): KeyRefusal | null {
  const status = keyStatus(key, now)
  if (status === 'revoked') return 'revoked_key'
  // Anything but the one good word refuses: a status that this version does not know must not pass.
  if (owner.status !== 'active') return 'user_disabled'
  if (status === 'expired') return 'expired_key'
  if (wantedScopes.length === 0) return null
  const scopes = effectiveScopes(key.scopes, owner.scopeLimit)
  return wantedScopes.every((scope) => scopes.includes(scope)) ? null : 'insufficient_scope'
}

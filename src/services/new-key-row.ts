import type { ApiKey } from '../storage/keys.ts'
import type { MadeKey } from './make-key.ts'

/** What has to be said of a new key; the rest is as it is for every new key. */
export type NewKeyFacts = Pick<
  ApiKey,
  'userId' | 'name' | 'scopes' | 'createdThrough' | 'createdBy' | 'createdAt' | 'expiresAt'
> &
  Partial<Pick<ApiKey, 'metadata' | 'rateLimit' | 'allowedAddresses' | 'predecessorId' | 'expirySetAt'>>

/** The row of a key on its first day. */
export function newKeyRow({ id, secretHash }: MadeKey, facts: NewKeyFacts): ApiKey {
  return {
    id,
    secretHash,
    metadata: {},
    rateLimit: null,
    allowedAddresses: null,
    predecessorId: null,
    expirySetAt: null,
    ...facts,
    version: 1,
    revokedAt: null,
    revokedReason: null,
    successorId: null,
    rotatedAt: null,
    quietSeconds: null,
    retiresAt: null,
  }
}

/** A key that was just made, as lists show it: never used. */
export function toUnusedRecord({ secretHash: _, ...row }: ApiKey) {
  return { ...row, lastUsedAt: null, requestCount: null, lastAddress: null, lastUserAgent: null }
}

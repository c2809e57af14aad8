import type { Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { RevokeKey } from './revoke-key.ts'
import type { VerifyKey } from './verify-key.ts'

/** Why such a key is revoked: always in these words, by which its owner's page knows it again. */
export const heldKeyReason = 'stopped by somebody who holds it'

export type RevokeHeldKey = ReturnType<typeof createRevokeHeldKey>

/**
 * Revokes the key whose text is shown: whoever holds it may stop it, and nothing else. Answers when no replica accepts it
 * any more, and whether there was such a key; one that was revoked before is waited for all the same.
 * @throws KeydeskError `unavailable`, `overloaded`
 */
export function createRevokeHeldKey(dependencies: { verifyKey: VerifyKey; revokeKey: RevokeKey }) {
  const { verifyKey, revokeKey } = dependencies

  return async function revokeHeldKey(keyText: string, origin: Origin): Promise<boolean> {
    const { address } = origin
    const verification = await verifyKey({
      keyText,
      scopes: [],
      groups: [],
      address,
      userAgent: undefined,
      // It proves the text: neither a use of the key, nor a refusal, from wherever it comes.
      isInspection: true,
    })
    if (verification.outcome === 'invalid_key') return false
    const { id } = verification.record.key
    try {
      await revokeKey(id, `key:${id}`, origin, { reason: heldKeyReason })
      return true
    } catch (error) {
      // It was erased with its owner since it was read.
      if (error instanceof KeydeskError && error.code === 'not_found') return false
      throw error
    }
  }
}

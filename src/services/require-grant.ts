import { KeydeskError } from '../domain/errors.ts'
import { type Grantor, grantRefusal } from '../domain/granting.ts'
import type { KeyRecord } from '../storage/keys.ts'

/**
 * That somebody may hand out what a key carries, also what waits for the promotion of its owner: for whatever makes such a key,
 * or makes one good for longer. @throws KeydeskError `forbidden`
 */
export function requireGrant({ scopes }: KeyRecord, grantor: Grantor): void {
  const refusal = grantRefusal(scopes, { role: 'admin' }, grantor)
  if (refusal !== null) throw new KeydeskError('forbidden', { message: refusal })
}

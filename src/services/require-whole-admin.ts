import { KeydeskError } from '../domain/errors.ts'
import type { Grantor } from '../domain/granting.ts'
import { wholeAdminScope } from '../domain/scopes.ts'

/**
 * For what would make somebody an admin: a key with a part of the rights must not come by the whole in this way.
 * @throws KeydeskError `insufficient_scope`
 */
export function requireWholeAdmin({ ownScopes }: Grantor): void {
  if (ownScopes === null || ownScopes.includes(wholeAdminScope)) return
  throw new KeydeskError('insufficient_scope', {
    message: `Making somebody an admin, and saying who is one, asks for a key that carries ${wholeAdminScope}.`,
    reason: 'insufficient_scope',
  })
}

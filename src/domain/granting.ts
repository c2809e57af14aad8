import type { Actor } from './audit-event.ts'
import { isReservedScope, needsAdminOwner, wholeAdminScope } from './scopes.ts'

/** Who hands out a key. */
export interface Grantor {
  readonly actor: Actor
  /** What they are right now. Only admins hand out rights on Keydesk; anything but that word is no admin. */
  readonly role: 'admin' | 'member'
  /** What a key that asks carries itself; null for the master key and for people, whose rights are their role. */
  readonly ownScopes: readonly string[] | null
  /** The session by which they ask, where it is one: once it has ended, nothing more is handed out by it. */
  readonly sessionId?: string
}

/**
 * Why these scopes may not be put on a key of this owner, or null. Nobody hands out more rights on Keydesk than they have,
 * and rights that only admins can use are not hung on others, where they would wait for a promotion.
 */
export function grantRefusal(
  scopes: readonly string[],
  owner: { readonly role: string },
  { role, ownScopes }: Grantor,
): string | null {
  const reserved = scopes.filter(isReservedScope)
  const useless = reserved.find((scope) => needsAdminOwner(scope) && owner.role !== 'admin')
  if (useless !== undefined) return `scopes: ${useless} needs an admin as the owner of the key`
  if (role !== 'admin' && reserved[0] !== undefined)
    return `scopes: ${reserved[0]} is handed out by admins only`
  if (ownScopes === null || ownScopes.includes(wholeAdminScope)) return null
  const excess = reserved.find((scope) => !ownScopes.includes(scope))
  return excess === undefined ? null : `scopes: the key that asks does not carry ${excess} itself`
}

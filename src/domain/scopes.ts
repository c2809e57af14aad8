const grammar = /^[a-z0-9][a-z0-9._:/-]{0,63}$/
const reservedPrefix = 'keydesk:'

/** At most this many scopes on a key or in a question. */
export const scopesMax = 64

/** Whether a text is a scope: lower-case letters, digits and `._:/-`, 1 to 64 characters. */
export function isScope(text: string): boolean {
  return grammar.test(text)
}

/** Rights on Keydesk itself. All but the last want an admin as the key's owner, at every call. */
export const adminScopes = [
  'keydesk:users.read',
  'keydesk:users.write',
  'keydesk:keys.read',
  'keydesk:keys.mint',
  'keydesk:keys.revoke',
  'keydesk:audit.read',
] as const
export type AdminScope = (typeof adminScopes)[number]
/** All of the above at once. */
export const wholeAdminScope = 'keydesk:admin'
/** Lets a service ask about the keys of others. */
export const introspectScope = 'keydesk:introspect'
const reservedScopes: ReadonlySet<string> = new Set([...adminScopes, wholeAdminScope, introspectScope])

/** Whether a scope gives rights on Keydesk itself, or looks as if it did; only admins may hand those out. */
export function isReservedScope(scope: string): boolean {
  return scope.startsWith(reservedPrefix)
}

/** Whether a key can carry a scope: any that is not reserved, and the reserved ones that there are. */
export function isGrantableScope(scope: string): boolean {
  return isScope(scope) && (!isReservedScope(scope) || reservedScopes.has(scope))
}

/** Whether a scope does something only while the key's owner is an admin. */
export function needsAdminOwner(scope: string): boolean {
  return isReservedScope(scope) && scope !== introspectScope
}

/** What decides about the scopes of a key at every use. */
export interface ScopeOwner {
  readonly scopeLimit: readonly string[] | null
  readonly role: string
}

/**
 * What a key may really do: its own scopes cut to its owner's limit, where null is no ceiling, and without rights on
 * Keydesk where the owner is no admin right now.
 */
export function effectiveScopes(own: readonly string[], { scopeLimit, role }: ScopeOwner): string[] {
  return own.filter(
    (scope) =>
      (scopeLimit === null || scopeLimit.includes(scope)) && (role === 'admin' || !needsAdminOwner(scope)),
  )
}

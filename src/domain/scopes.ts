const grammar = /^[a-z0-9][a-z0-9._:/-]{0,63}$/
const reservedPrefix = 'keydesk:'

/** At most this many scopes on a key or in a question. */
export const scopesMax = 64

/** Whether a text is a scope: lower-case letters, digits and `._:/-`, 1 to 64 characters. */
export function isScope(text: string): boolean {
  return grammar.test(text)
}

/** Whether a scope gives rights on Keydesk itself; only admins may hand those out. */
export function isReservedScope(scope: string): boolean {
  return scope.startsWith(reservedPrefix)
}

/** What a key may really do: its own scopes cut to its owner's limit. A null limit is no ceiling. */
export function effectiveScopes(own: readonly string[], ownerLimit: readonly string[] | null): string[] {
  return ownerLimit === null ? [...own] : own.filter((scope) => ownerLimit.includes(scope))
}

import { isReservedScope } from './scopes.ts'

/** The lifetimes, in days, among which people choose for the keys that they make themselves. */
export const ownLifetimes = [7, 30, 90, 365] as const

/** The scopes that people may put on keys which they make themselves: those that are offered to all, within their own limit. */
export function ownScopes(
  offered: readonly string[],
  { scopeLimit }: { readonly scopeLimit: readonly string[] | null },
): string[] {
  return offered.filter(
    (scope) => !isReservedScope(scope) && (scopeLimit === null || scopeLimit.includes(scope)),
  )
}

/**
 * Until when the keys of a person work without another sign-in: `leaseSeconds` after the last one, by whichever identity.
 * Null where no lease is set, and for service accounts, which sign in nowhere. Who never signed in has no lease left.
 */
export function leaseUntil(
  owner: { readonly kind: string; readonly identities: readonly { readonly lastSignInAt: Date }[] },
  leaseSeconds: number | null,
): Date | null {
  if (leaseSeconds === null || owner.kind === 'service') return null
  const lastSignIn = Math.max(0, ...owner.identities.map(({ lastSignInAt }) => lastSignInAt.getTime()))
  return new Date(lastSignIn + leaseSeconds * 1000)
}

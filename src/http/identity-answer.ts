import { type IdentityHeaders, identityHeaders, type ProvenIdentity } from '../domain/identity-headers.ts'

/** The headers of a pass but for the JWT: those of every answer, and those of the identity, for as long as it is the same. */
export function createIdentityAnswer(always: Readonly<Record<string, string>>, family: IdentityHeaders) {
  const known = new WeakMap<ProvenIdentity, Readonly<Record<string, string>>>()

  return function headersOf(identity: ProvenIdentity): Readonly<Record<string, string>> {
    const before = known.get(identity)
    if (before !== undefined) return before
    const headers = { ...always, ...identityHeaders(identity, family) }
    known.set(identity, headers)
    return headers
  }
}

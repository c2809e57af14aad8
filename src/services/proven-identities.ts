import type { ProofMethod } from '../domain/app-policy.ts'
import type { ProvenIdentity } from '../domain/identity-headers.ts'
import type { Holder } from './holder.ts'

export type ProvenIdentities = (
  holder: Holder,
  method: ProofMethod,
  scopes: readonly string[],
) => ProvenIdentity

const waysMax = 8

/**
 * What an app is told of a holder: the same object for as long as the record is the same, so that who writes it down can
 * remember how.
 */
export function createProvenIdentities(): ProvenIdentities {
  const known = new WeakMap<object, Map<string, ProvenIdentity>>()

  return function provenIdentity(holder, method, scopes) {
    const record = holder.kind === 'key' ? holder.record : holder.user
    let ways = known.get(record)
    if (ways === undefined || ways.size >= waysMax) {
      ways = new Map()
      known.set(record, ways)
    }
    const way = `${method} ${scopes.join(' ')}`
    const before = ways.get(way)
    if (before !== undefined) return before
    const user = holder.kind === 'key' ? holder.record.owner : holder.user
    const keyId = holder.kind === 'key' ? holder.record.key.id : null
    const identity = { user, method, keyId, scopes }
    ways.set(way, identity)
    return identity
  }
}

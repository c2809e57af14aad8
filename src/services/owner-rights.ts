import { type AccessPolicy, isOwnerAllowed } from '../domain/access-policy.ts'
import type { OwnerRights } from '../domain/key-status.ts'
import { leaseUntil } from '../domain/lease.ts'
import type { KeyWithOwner } from '../storage/keys.ts'

export type FindOwnerRights = (record: KeyWithOwner, policy: AccessPolicy) => OwnerRights

/** What the rules and the lease say of a key's owner. It is worked out once for each record and policy. */
export function createFindOwnerRights(leaseSeconds: number | null): FindOwnerRights {
  const known = new WeakMap<KeyWithOwner, { policy: AccessPolicy; rights: OwnerRights }>()

  return function findOwnerRights(record, policy) {
    const before = known.get(record)
    if (before?.policy === policy) return before.rights
    const owner = { kind: record.owner.kind, identities: record.identities }
    const rights = { isAllowed: isOwnerAllowed(owner, policy), leaseUntil: leaseUntil(owner, leaseSeconds) }
    known.set(record, { policy, rights })
    return rights
  }
}

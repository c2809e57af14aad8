import { admitsAnybody } from '../domain/access-policy.ts'
import { type Actor, type AuditEvent, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { StoredAccessRule } from '../storage/access-rules.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { Access } from './access-policies.ts'
import { isActiveAdmin, lastAdmin } from './change-user.ts'
import { findLiveUser } from './find-live-user.ts'
import { requireVersion } from './require-version.ts'
import { planRevocation } from './revoke-everything.ts'

export type EraseUser = ReturnType<typeof createEraseUser>

const triesMax = 3

/**
 * Erases a user: every key is revoked and every session ended; the profile, the identities, and the invitations and allow
 * rules that name the person's addresses go; the audit trail keeps what happened without who and where. The id stays, so
 * that nothing that names it hangs in the air, and deny rules stay, so that the person stays out. Nobody answers for the
 * person's service accounts from then on.
 * @throws KeydeskError `not_found`, `conflict` for the last admin, where the last allow rule would go and anybody could
 * come in, and where others keep changing the user
 */
export function createEraseUser(dependencies: { storage: Storage; access: Access; now: () => Date }) {
  const { storage, access, now } = dependencies

  return async function eraseUser(
    id: string,
    version: number | null,
    actor: Actor,
    origin: Origin,
  ): Promise<void> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const user = await findLiveUser(storage, id)
      requireVersion(user, version)
      const addresses = await addressesOf(user)
      const rules = await rulesOf(addresses)
      const at = now()
      const common = { at, actor, origin }
      const revocation = await planRevocation(storage, id, common)
      const guardsAdmin = isActiveAdmin(user)
      const accounts = await storage.users.idsAnsweredBy(id)
      const facts = {
        keys_revoked: revocation.count,
        rules_removed: rules.length,
        service_accounts_left: accounts.length,
      }
      const event = auditEvent({ ...common, action: 'user.erased', target: `user:${id}`, facts })
      const landed = await storage.atomically((tx) => [
        ...(guardsAdmin ? [{ statement: storage.users.requireOtherAdmin(tx, id), rows: 1 }] : []),
        ...revocation.steps(tx),
        storage.sessions.endOfUser(tx, id),
        ...rules.map((rule) => ({ statement: storage.accessRules.remove(tx, rule.id), rows: 1 })),
        storage.invitations.removeOf(tx, id, addresses),
        storage.identities.removeOfUser(tx, id),
        { statement: storage.users.leaveUnanswered(tx, id, at), rows: accounts.length },
        { statement: storage.users.erase(tx, user, at), rows: 1 },
        ...storage.usage.eraseOrigins(tx, id),
        ...storage.audit.eraseDetails(tx, id, addresses),
        // After the others: it says who erased, which is another person's detail.
        ...storage.audit.recordMany(tx, [
          event,
          ...rules.map((rule) => removal(rule, common)),
          ...accounts.map((account) => desertion(account, id, common)),
        ]),
      ])
      if (landed) {
        await storage.confirmChanges()
        return
      }
      if (guardsAdmin && !(await storage.users.hasOtherAdmin(id))) throw lastAdmin()
    }
    throw new KeydeskError('conflict', { message: 'Others changed this user at the same time. Try again.' })
  }

  /** Those of now and former ones, but for what is somebody else's by now. */
  async function addressesOf({ id, email }: User): Promise<string[]> {
    const identities = await storage.identities.ofUser(id)
    const known = [email, ...identities.map((identity) => identity.email)].filter((one) => one !== null)
    const all = new Set([...known, ...(await storage.audit.emailsOf(id))])
    const own: string[] = []
    for (const address of all) {
      const holders = await storage.identities.holdersOf(address)
      if (holders.every((holder) => holder === id)) own.push(address)
    }
    return own
  }

  /** The allow rules that name one of these addresses: the person must not come in again by them as somebody new. */
  async function rulesOf(addresses: readonly string[]): Promise<StoredAccessRule[]> {
    const isTheirs = ({ kind, value }: StoredAccessRule) =>
      kind === 'allow_email' && addresses.includes(value)
    const stored = await storage.accessRules.all()
    const policies = await access.fresh()
    const after = policies.withStored(stored.filter((rule) => !isTheirs(rule)))
    if (!admitsAnybody(policies.forUse) && admitsAnybody(after)) {
      throw new KeydeskError('conflict', {
        message:
          'The last allow rule names this person. Without it anybody could come in here: add another rule first.',
      })
    }
    return stored.filter(isTheirs)
  }
}

/** Without the address, which is what is being erased. */
function removal(
  { id, kind, provider }: StoredAccessRule,
  common: Pick<AuditEvent, 'at' | 'actor'> & { origin: Origin },
): AuditEvent {
  return auditEvent({
    ...common,
    action: 'access_rule.deleted',
    target: `rule:${id}`,
    facts: { kind, provider, reason: 'user_erased' },
  })
}

/** A service account has lost the person who answered for it. */
function desertion(
  accountId: string,
  personId: string,
  common: Pick<AuditEvent, 'at' | 'actor'> & { origin: Origin },
): AuditEvent {
  return auditEvent({
    ...common,
    action: 'user.updated',
    target: `user:${accountId}`,
    facts: {
      changed: ['responsible_user_id'],
      before: { responsible_user_id: personId },
      after: { responsible_user_id: null },
      reason: 'user_erased',
    },
  })
}

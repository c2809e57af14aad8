import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Identity } from '../storage/identities.ts'
import type { Storage } from '../storage/storage.ts'
import { isActiveAdmin, lastAdmin } from './change-user.ts'
import { findLiveUser } from './find-live-user.ts'
import { planRevocation } from './revoke-everything.ts'

export type EraseUser = ReturnType<typeof createEraseUser>

const triesMax = 3

/**
 * Erases a user: every key is revoked and every session ended, the profile, the identities and the rules that name the
 * person's addresses go, and the audit trail keeps what happened without who and where. The id stays, so that nothing
 * that names it hangs in the air.
 * @throws KeydeskError `not_found`, `conflict` for the last admin and where others keep changing the user
 */
export function createEraseUser(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function eraseUser(id: string, actor: Actor, origin: Origin): Promise<void> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const user = await findLiveUser(storage, id)
      const identities = await storage.identities.ofUser(id)
      const former = await storage.audit.emailsOf(id)
      const addresses = [...new Set([...former, ...addressesOf(user.email, identities)])]
      const providers = [...new Set(identities.map(({ provider }) => provider))]
      const at = now()
      const revocation = await planRevocation(storage, id, { at, actor, origin })
      const guardsAdmin = isActiveAdmin(user)
      const event = auditEvent({
        at,
        action: 'user.erased',
        actor,
        target: `user:${id}`,
        facts: { keys_revoked: revocation.count },
        origin,
      })
      const landed = await storage.atomically((tx) => [
        ...(guardsAdmin ? [{ statement: storage.users.requireOtherAdmin(tx, id), rows: 1 }] : []),
        ...revocation.steps(tx),
        storage.sessions.endOfUser(tx, id),
        // An invitation that was taken up left a rule. It must not let the person in again as somebody new.
        ...providers.flatMap((provider) =>
          addresses.map((email) => storage.accessRules.removeAllowedEmail(tx, provider, email)),
        ),
        storage.invitations.removeOf(tx, id, addresses),
        storage.identities.removeOfUser(tx, id),
        { statement: storage.users.erase(tx, id, at), rows: 1 },
        storage.usage.eraseRefusalsOf(tx, id),
        ...storage.audit.eraseDetails(tx, id, addresses),
        // After the others: it says who erased, which is another person's detail.
        ...storage.audit.record(tx, event),
      ])
      if (landed) {
        await storage.confirmChanges()
        return
      }
      if (guardsAdmin && !(await storage.users.hasOtherAdmin(id))) throw lastAdmin()
    }
    throw new KeydeskError('conflict', { message: 'Others changed this user at the same time. Try again.' })
  }
}

function addressesOf(email: string | null, identities: readonly Identity[]): string[] {
  return [...(email === null ? [] : [email]), ...identities.map((identity) => identity.email)]
}

import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'

export type WithdrawInvitation = ReturnType<typeof createWithdrawInvitation>

/** Takes an invitation back that nobody has taken up. @throws KeydeskError `not_found` */
export function createWithdrawInvitation(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function withdrawInvitation(id: string, actor: Actor, origin: Origin): Promise<void> {
    const invitation = await storage.invitations.find(id)
    const event = auditEvent({
      at: now(),
      action: 'invitation.withdrawn',
      actor,
      target: `invitation:${id}`,
      facts: { invitation_id: id },
      email: invitation?.email ?? null,
      origin,
    })
    const landed =
      invitation !== null &&
      (await storage.atomically((tx) => [
        { statement: storage.invitations.remove(tx, id), rows: 1 },
        ...storage.audit.record(tx, event),
      ]))
    if (!landed) throw new KeydeskError('not_found', { message: 'No open invitation has this id.' })
  }
}

import { judgeAccess } from '../domain/access-policy.ts'
import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Storage } from '../storage/storage.ts'
import type { Access } from './access-policies.ts'

/** So long admins can see that an invitation was not taken up. */
const forgottenAfterMs = 30 * 86_400_000

export type WriteInvitation = ReturnType<typeof createWriteInvitation>

/** Writes down what one sign-in may take up: an invitation or, with a user id, an approved identity of that user. */
export function createWriteInvitation(dependencies: {
  storage: Storage
  access: Access
  ttlSeconds: number
  now: () => Date
}) {
  const { storage, access, ttlSeconds, now } = dependencies

  /** @throws KeydeskError `conflict` where the address is denied or invited already, or the user is not active. */
  return async function writeInvitation(
    wanted: Pick<Invitation, 'provider' | 'email' | 'role' | 'groups' | 'userId'>,
    actor: Actor,
    origin: Origin,
  ): Promise<Invitation> {
    const { provider, email, userId } = wanted
    const at = now()
    const policy = (await access.fresh()).forUse
    const admission = judgeAccess({ provider, email, hd: null }, policy)
    if (admission.outcome === 'refused' && admission.reason === 'denied') {
      throw new KeydeskError('conflict', {
        message: 'A deny rule names this address, and it beats every invitation. Remove the rule first.',
      })
    }
    const invitation: Invitation = {
      id: `inv_${randomText(16)}`,
      ...wanted,
      createdBy: actor,
      createdAt: at,
      expiresAt: new Date(at.getTime() + ttlSeconds * 1000),
    }
    const event = auditEvent({
      at,
      action: userId === null ? 'invitation.created' : 'identity.approved',
      actor,
      target: userId === null ? `invitation:${invitation.id}` : `user:${userId}`,
      facts: { invitation_id: invitation.id, provider, role: wanted.role, groups: wanted.groups },
      email,
      origin,
    })
    const landed = await storage.atomically((tx) => [
      ...(userId === null ? [] : [{ statement: storage.users.requireActive(tx, userId), rows: 1 }]),
      storage.invitations.removeExpired(tx, provider, email, at),
      storage.invitations.prune(tx, new Date(at.getTime() - forgottenAfterMs)),
      storage.invitations.insert(tx, invitation),
      ...storage.audit.record(tx, event),
    ])
    if (landed) return invitation
    throw new KeydeskError('conflict', {
      message:
        'This address is invited already, or the user was disabled meanwhile. Withdraw the invitation first, to make another.',
    })
  }
}

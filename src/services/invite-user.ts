import { judgeAccess } from '../domain/access-policy.ts'
import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { Access } from './access-policies.ts'
import { findLiveUser } from './find-live-user.ts'

/** Whom an admin asks in, and as what. */
export interface InvitationRequest {
  readonly provider: string
  readonly email: string
  readonly role: User['role']
  readonly groups: readonly string[]
}

/** So long admins can see that an invitation was not taken up. */
const forgottenAfterMs = 30 * 86_400_000

export type InviteUser = ReturnType<typeof createInviteUser>

/**
 * Invites somebody: the first verified sign-in with exactly this address at this provider, within the time, becomes a
 * user with this role and these groups, whatever the allow rules say. Keydesk sends no mail.
 */
export function createInviteUser(dependencies: {
  storage: Storage
  access: Access
  ttlSeconds: number
  now: () => Date
}) {
  const { storage, access, ttlSeconds, now } = dependencies
  return { inviteUser, approveIdentity }

  /** @throws KeydeskError `conflict` where the address is taken, invited or denied already. */
  async function inviteUser(request: InvitationRequest, actor: Actor, origin: Origin): Promise<Invitation> {
    const { email } = request
    if ((await storage.identities.holdersOf(email)).length > 0) {
      throw new KeydeskError('conflict', {
        message:
          'A user has this address already. An access rule lets them in, PATCH changes their role, and another account of theirs is approved at /admin/users/{id}/identities.',
      })
    }
    const invitation = { ...request, groups: [...new Set(request.groups)], userId: null }
    return insert(invitation, actor, origin)
  }

  /**
   * Says that whoever comes with this address from this provider next is this user: the way for somebody whose account
   * at the provider is a new one. It does not let in by itself whom the rules do not cover.
   * @throws KeydeskError `not_found`, `conflict` where the address is somebody else's, invited or denied already.
   */
  async function approveIdentity(
    userId: string,
    { provider, email }: Pick<InvitationRequest, 'provider' | 'email'>,
    actor: Actor,
    origin: Origin,
  ): Promise<Invitation> {
    const user = await findLiveUser(storage, userId)
    if (user.kind === 'service' || user.status !== 'active') {
      throw new KeydeskError('conflict', { message: 'Only an active person can have one more identity.' })
    }
    if ((await storage.identities.holdersOf(email)).some((id) => id !== userId)) {
      throw new KeydeskError('conflict', { message: 'This address is another user’s.' })
    }
    return insert({ provider, email, role: user.role, groups: [], userId }, actor, origin)
  }

  async function insert(
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

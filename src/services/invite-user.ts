import type { Actor, Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Storage } from '../storage/storage.ts'
import type { WriteInvitation } from './write-invitation.ts'

export type InviteUser = ReturnType<typeof createInviteUser>

/**
 * Invites somebody: the first verified sign-in with exactly this address at this provider, within the time, becomes a
 * user with this role and these groups, whatever the allow rules say. Keydesk sends no mail.
 */
export function createInviteUser(dependencies: { storage: Storage; writeInvitation: WriteInvitation }) {
  const { storage, writeInvitation } = dependencies

  /** @throws KeydeskError `conflict` where the address is taken, invited or denied already. */
  return async function inviteUser(
    request: Pick<Invitation, 'provider' | 'email' | 'role' | 'groups'>,
    actor: Actor,
    origin: Origin,
  ): Promise<Invitation> {
    const { email } = request
    if ((await storage.identities.holdersOf(email)).length > 0) {
      throw new KeydeskError('conflict', {
        message:
          'A user has this address already. An access rule lets them in, PATCH changes their role, and another account of theirs is approved at /admin/users/{id}/identities.',
      })
    }
    const invitation = { ...request, groups: [...new Set(request.groups)], userId: null }
    return writeInvitation(invitation, actor, origin)
  }
}

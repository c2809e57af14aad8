import type { Actor, Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Storage } from '../storage/storage.ts'
import { findLiveUser } from './find-live-user.ts'
import type { WriteInvitation } from './write-invitation.ts'

export type ApproveIdentity = ReturnType<typeof createApproveIdentity>

/**
 * Says that whoever comes with this address from this provider next is this user: the way for somebody whose account
 * at the provider is a new one. It does not let in by itself whom the rules do not cover.
 */
export function createApproveIdentity(dependencies: { storage: Storage; writeInvitation: WriteInvitation }) {
  const { storage, writeInvitation } = dependencies

  /** @throws KeydeskError `not_found`, `conflict` where the address is somebody else's, invited or denied already. */
  return async function approveIdentity(
    userId: string,
    { provider, email }: Pick<Invitation, 'provider' | 'email'>,
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
    return writeInvitation({ provider, email, role: user.role, groups: [], userId }, actor, origin)
  }
}

import { type AccessRefusal, judgeAccess } from '../domain/access-policy.ts'
import type { Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Identity } from '../storage/identities.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { Access, AccessPolicies } from './access-policies.ts'
import {
  type Admitted,
  type ProvenIdentity,
  planApproved,
  planKnown,
  planNewcomer,
  type Visit,
} from './plan-admission.ts'

export type AdmitIdentity = ReturnType<typeof createAdmitIdentity>

/**
 * Decides whether a proven identity may come in, finds or makes its user, by (issuer, subject) alone, and plans the
 * writes. They are only planned here: they land in one list with whatever the sign-in makes.
 */
export function createAdmitIdentity(dependencies: {
  storage: Storage
  access: Access
  signUp: 'open' | 'invited'
}) {
  const { storage, access, signUp } = dependencies

  /** @throws KeydeskError `not_allowed`, whose `reason` says why. */
  return async function admitIdentity(proven: ProvenIdentity, at: Date, origin: Origin): Promise<Admitted> {
    const visit: Visit = { ...proven, at, origin }
    const { issuer, claims } = proven
    const policies = await access.fresh()
    // In this order: a user and the identity land together, so whoever is found by email is found by identity after that.
    const holders = await storage.identities.holdersOf(claims.email)
    const known = await storage.identities.findWithUser(issuer, claims.subject)
    return known === null
      ? admitNewcomer(visit, policies, holders)
      : admitKnown(visit, policies, holders, known.user, known.identity)
  }

  async function admitKnown(
    visit: Visit,
    policies: AccessPolicies,
    holders: readonly string[],
    user: User,
    identity: Identity,
  ): Promise<Admitted> {
    const { claims } = visit
    const policy = policies.forSignIn()
    const admission = judgeAccess({ ...visit, ...claims }, policy)
    if (admission.outcome === 'refused') throw notCovered(admission.reason)
    const others = (await storage.identities.ofUser(user.id)).filter(({ id }) => id !== identity.id)
    // A deny rule beats everything: it does not matter by which of their identities somebody comes.
    if (others.some((other) => isDenied(other, policies))) throw notCovered('denied')
    if (holders.some((id) => id !== user.id)) throw emailOfAnother()
    if (user.status !== 'active') throw notAllowed('user_disabled', 'This account has been disabled.')
    const older = others.filter(({ createdAt }) => createdAt.getTime() < identity.createdAt.getTime())
    // An account that was made anew at the same provider stands in for the one before it.
    const standsIn = older.every((other) => other.provider === identity.provider)
    const leads = older.length === 0 || (standsIn && user.email === claims.email)
    return planKnown(storage, visit, { user, identity, leads }, admission.role)
  }

  async function admitNewcomer(
    visit: Visit,
    policies: AccessPolicies,
    holders: readonly string[],
  ): Promise<Admitted> {
    const { claims, provider, at } = visit
    const admission = judgeAccess({ ...visit, ...claims }, policies.forSignIn())
    if (admission.outcome === 'refused' && admission.reason === 'denied') throw notCovered('denied')
    const invitation = await storage.invitations.findOpen(provider, claims.email, at)
    if (invitation !== null && invitation.userId !== null)
      return admitApproved(visit, policies, invitation, invitation.userId)
    const isListedAdmin = admission.outcome === 'admitted' && admission.role === 'admin'
    // First of all, so that whoever may not come in learns nothing of who is here.
    if (invitation === null) {
      if (admission.outcome === 'refused') throw notCovered(admission.reason)
      if (signUp === 'invited' && !isListedAdmin) throw notCovered('not_invited')
    }
    // Nothing is ever merged by email: whoever controls an address at another provider is not the same person.
    if (holders.length > 0) throw emailOfAnother()
    return planNewcomer(storage, visit, {
      role: isListedAdmin ? 'admin' : (invitation?.role ?? 'member'),
      invitation,
      needsRule: admission.outcome === 'refused',
    })
  }

  /** An admin has said that this address at this provider is that user. */
  async function admitApproved(
    visit: Visit,
    policies: AccessPolicies,
    invitation: Invitation,
    userId: string,
  ): Promise<Admitted> {
    const { claims } = visit
    const user = await storage.users.find(userId)
    if (user?.status !== 'active') throw notAllowed('user_disabled', 'This account has been disabled.')
    const admission = judgeAccess({ ...visit, ...claims }, policies.forSignIn())
    if (admission.outcome === 'refused') throw notCovered(admission.reason)
    if ((await storage.identities.ofUser(userId)).some((other) => isDenied(other, policies)))
      throw notCovered('denied')
    return planApproved(storage, visit, user, invitation)
  }
}

export function notCovered(reason: AccessRefusal | 'not_invited'): KeydeskError {
  return new KeydeskError('not_allowed', {
    message:
      'You signed in, but this account is not on the list of who may come in here. Use your work account, or ask an administrator.',
    reason,
  })
}

export function emailOfAnother(): KeydeskError {
  return new KeydeskError('not_allowed', {
    message:
      'This email address already belongs to another account here. If it is yours, sign in the way you did before and add ' +
      'this account on your account page, or ask an administrator.',
    reason: 'email_of_another_user',
  })
}

function isDenied(identity: Identity, policies: AccessPolicies): boolean {
  const admission = judgeAccess(identity, policies.forUse)
  return admission.outcome === 'refused' && admission.reason === 'denied'
}

function notAllowed(reason: string, message: string): KeydeskError {
  return new KeydeskError('not_allowed', {
    message: `${message} Ask an administrator of this Keydesk.`,
    reason,
  })
}

import { type AccessRefusal, judgeAccess } from '../domain/access-policy.ts'
import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { IdentityClaims } from '../domain/identity-claims.ts'
import { randomText } from '../domain/random-text.ts'
import type { Identity } from '../storage/identities.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { Access, AccessPolicies } from './access-policies.ts'

export interface ProvenIdentity {
  readonly provider: string
  readonly issuer: string
  readonly claims: IdentityClaims
}

/** A user as it will be once `steps` have landed. */
export interface Admitted {
  readonly user: User
  readonly steps: (tx: Writer) => Step[]
}

export type AdmitIdentity = ReturnType<typeof createAdmitIdentity>

/** What is known when somebody stands at the desk. */
interface Visit extends ProvenIdentity {
  readonly at: Date
  readonly origin: Origin
}

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
    const holder = await storage.users.findByEmail(claims.email)
    const known = await storage.identities.findWithUser(issuer, claims.subject)
    return known === null
      ? admitNewcomer(visit, policies, holder)
      : admitKnown(visit, policies, holder, known.user, known.identity)
  }

  async function admitKnown(
    visit: Visit,
    policies: AccessPolicies,
    holder: User | null,
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
    const isTaken = await storage.identities.isEmailOfAnother(claims.email, user.id)
    if (isTaken || (holder !== null && holder.id !== user.id)) throw emailOfAnother()
    if (user.status !== 'active') throw notAllowed('user_disabled', 'This account has been disabled.')
    const isOldest = others.every(({ createdAt }) => createdAt.getTime() >= identity.createdAt.getTime())
    return knownUser(
      visit,
      { user, identity, leads: isOldest || user.email === claims.email },
      admission.role,
    )
  }

  async function admitNewcomer(
    visit: Visit,
    policies: AccessPolicies,
    holder: User | null,
  ): Promise<Admitted> {
    const { claims, provider, at } = visit
    const admission = judgeAccess({ ...visit, ...claims }, policies.forSignIn())
    if (admission.outcome === 'refused' && admission.reason === 'denied') throw notCovered('denied')
    const invitation = await storage.invitations.findOpen(provider, claims.email, at)
    if (invitation !== null && invitation.userId !== null)
      return approved(visit, invitation, invitation.userId)
    // Nothing is ever merged by email: whoever controls an address at another provider is not the same person.
    if (holder !== null || (await storage.identities.isEmailOfAnother(claims.email, null)))
      throw emailOfAnother()
    const isListedAdmin = admission.outcome === 'admitted' && admission.role === 'admin'
    if (invitation === null) {
      if (admission.outcome === 'refused') throw notCovered(admission.reason)
      if (signUp === 'invited' && !isListedAdmin) throw notCovered('not_invited')
    }
    return newUser(visit, {
      role: isListedAdmin ? 'admin' : (invitation?.role ?? 'member'),
      invitation,
      needsRule: admission.outcome === 'refused',
    })
  }

  function newUser(
    visit: Visit,
    rights: { role: User['role']; invitation: Invitation | null; needsRule: boolean },
  ): Admitted {
    const { claims, provider, at, origin } = visit
    const { role, invitation, needsRule } = rights
    const user: User = {
      id: `usr_${randomText(16)}`,
      kind: 'person',
      email: claims.email,
      name: claims.name,
      picture: claims.picture,
      role,
      groups: invitation?.groups ?? [],
      status: 'active',
      scopeLimit: null,
      version: 1,
      createdAt: at,
      updatedAt: at,
    }
    const actor = `user:${user.id}` as const
    const common = { at, actor, target: actor, email: claims.email, origin }
    const created = auditEvent({ ...common, action: 'user.created', facts: { provider, role } })
    return {
      user,
      steps: (tx) => [
        storage.users.insert(tx, user),
        storage.identities.insert(tx, newIdentity(visit, user.id)),
        { statement: storage.users.requireEmailFree(tx, user.id, claims.email), rows: 1 },
        ...storage.audit.record(tx, created),
        ...(invitation === null ? [] : acceptance(tx, invitation, needsRule, common)),
      ],
    }
  }

  /** Taking an invitation up deletes it, so it is done once; a rule stays in its place where no other covers the person. */
  function acceptance(
    tx: Writer,
    invitation: Invitation,
    needsRule: boolean,
    common: Omit<Parameters<typeof auditEvent>[0], 'action'>,
  ): Step[] {
    const { id, provider, email, createdBy } = invitation
    const rule = {
      id: `rul_${randomText(16)}`,
      kind: 'allow_email' as const,
      provider,
      value: email,
      note: `Invitation ${id}`,
      createdBy,
      createdAt: common.at,
    }
    const facts = { invitation_id: id, ...(needsRule ? { rule_id: rule.id } : {}) }
    return [
      { statement: storage.invitations.take(tx, id, common.at), rows: 1 },
      ...(needsRule ? [storage.accessRules.insertOnce(tx, rule)] : []),
      ...storage.audit.record(tx, auditEvent({ ...common, action: 'invitation.accepted', facts })),
    ]
  }

  /** An admin has said that this address at this provider is that user. */
  async function approved(visit: Visit, invitation: Invitation, userId: string): Promise<Admitted> {
    const { claims, provider, at, origin } = visit
    const user = await storage.users.find(userId)
    if (user?.status !== 'active') throw notAllowed('user_disabled', 'This account has been disabled.')
    const policies = await access.fresh()
    const admission = judgeAccess({ ...visit, ...claims }, policies.forSignIn())
    if (admission.outcome === 'refused') throw notCovered(admission.reason)
    if ((await storage.identities.ofUser(userId)).some((other) => isDenied(other, policies)))
      throw notCovered('denied')
    const actor = `user:${user.id}` as const
    const event = auditEvent({
      at,
      action: 'identity.linked',
      actor,
      target: actor,
      facts: { provider, invitation_id: invitation.id },
      email: claims.email,
      origin,
    })
    return {
      user,
      steps: (tx) => [
        { statement: storage.users.requireActive(tx, user.id), rows: 1 },
        { statement: storage.invitations.take(tx, invitation.id, at), rows: 1 },
        storage.identities.insert(tx, newIdentity(visit, user.id)),
        ...storage.audit.record(tx, event),
      ],
    }
  }

  function knownUser(
    visit: Visit,
    known: { user: User; identity: Identity; leads: boolean },
    listedRole: User['role'],
  ): Admitted {
    const { claims, provider, at, origin } = visit
    const { user: before, identity, leads } = known
    // Being listed in ADMIN_EMAILS makes an admin; not being listed takes no role away that an admin gave.
    const role = listedRole === 'admin' ? 'admin' : before.role
    // The profile follows the identity that came first, so that two providers do not take turns.
    const { email, name, picture } = leads ? claims : before
    const profile = { email, name, picture, role }
    const changed = (['email', 'name', 'picture', 'role'] as const).filter(
      (column) => profile[column] !== before[column],
    )
    const user: User = changed.length === 0 ? before : { ...before, ...profile, updatedAt: at }
    const event = auditEvent({
      at,
      action: 'user.updated',
      actor: `user:${user.id}`,
      target: `user:${user.id}`,
      facts: { changed, provider },
      email: claims.email,
      origin,
    })
    return {
      user,
      steps: (tx) => [
        {
          statement:
            changed.length === 0
              ? storage.users.requireActive(tx, user.id)
              : storage.users.updateProfile(tx, user),
          rows: 1,
        },
        { statement: storage.users.requireEmailFree(tx, user.id, claims.email), rows: 1 },
        storage.identities.updateLastSignIn(tx, {
          id: identity.id,
          provider,
          email: claims.email,
          emailVerified: claims.emailVerified,
          hd: claims.hd,
          lastSignInAt: at,
        }),
        ...(changed.length === 0 ? [] : storage.audit.record(tx, event)),
      ],
    }
  }
}

/** An identity as it is on its first day. */
export function newIdentity(proven: ProvenIdentity & { readonly at: Date }, userId: string): Identity {
  const { provider, issuer, claims, at } = proven
  const { subject, email, emailVerified, hd } = claims
  return {
    id: `idn_${randomText(16)}`,
    userId,
    provider,
    issuer,
    subject,
    email,
    emailVerified,
    hd,
    createdAt: at,
    lastSignInAt: at,
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
  return notAllowed('email_of_another_user', 'This email address already belongs to another account here.')
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

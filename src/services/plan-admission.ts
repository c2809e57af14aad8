import { auditEvent, type Origin } from '../domain/audit-event.ts'
import type { IdentityClaims } from '../domain/identity-claims.ts'
import { randomText } from '../domain/random-text.ts'
import type { Identity } from '../storage/identities.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'

/* The writes of a sign-in, planned: they land in one list with whatever the sign-in makes. */

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

/** What is known when somebody stands at the desk. */
export interface Visit extends ProvenIdentity {
  readonly at: Date
  readonly origin: Origin
}

/** A user who comes for the first time, by a rule or by an invitation. */
export function planNewcomer(
  storage: Storage,
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
    responsibleId: null,
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
      ...(invitation === null ? [] : acceptance(storage, tx, invitation, needsRule, common)),
    ],
  }
}

/** Taking an invitation up deletes it, so it is done once; a rule stays in its place where no other covers the person. */
function acceptance(
  storage: Storage,
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
    ...(needsRule
      ? [
          storage.accessRules.insertOnce(tx, rule),
          ...storage.audit.record(
            tx,
            auditEvent({
              ...common,
              action: 'access_rule.created',
              target: `rule:${rule.id}`,
              facts: { kind: rule.kind, provider, invitation_id: id },
            }),
          ),
        ]
      : []),
    ...storage.audit.record(tx, auditEvent({ ...common, action: 'invitation.accepted', facts })),
  ]
}

/** One more identity of a user, on an admin's word: whoever comes with this address is that user. */
export function planApproved(storage: Storage, visit: Visit, user: User, invitation: Invitation): Admitted {
  const { claims, provider, at, origin } = visit
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
      { statement: storage.users.requireEmailFree(tx, user.id, claims.email), rows: 1 },
      storage.identities.insert(tx, newIdentity(visit, user.id)),
      ...storage.audit.record(tx, event),
    ],
  }
}

/** A user who is here already, with the profile brought up to date. */
export function planKnown(
  storage: Storage,
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
  const common = {
    at,
    actor: `user:${user.id}` as const,
    target: `user:${user.id}`,
    email: claims.email,
    origin,
  }
  const profileChanged = changed.filter((column) => column !== 'role')
  const events = [
    ...(profileChanged.length === 0
      ? []
      : [auditEvent({ ...common, action: 'user.updated', facts: { changed: profileChanged, provider } })]),
    ...(role === before.role
      ? []
      : [
          auditEvent({
            ...common,
            action: 'user.role_changed',
            facts: {
              changed: ['role'],
              before: { role: before.role },
              after: { role },
              reason: 'admin_emails',
            },
          }),
        ]),
  ]
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
      ...storage.audit.recordMany(tx, events),
    ],
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

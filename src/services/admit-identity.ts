import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { IdentityClaims } from '../domain/identity-claims.ts'
import { randomText } from '../domain/random-text.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'

export interface ProvenIdentity {
  readonly provider: string
  readonly issuer: string
  readonly claims: IdentityClaims
  readonly role: 'admin' | 'member'
}

/** A user as it will be once `steps` have landed. */
export interface Admitted {
  readonly user: User
  readonly steps: (tx: Writer) => Step[]
}

/**
 * Finds or makes the user of a proven identity, by (issuer, subject) alone, and plans the writes. They are only planned
 * here: they land in one list with whatever the sign-in makes.
 * @throws KeydeskError `not_allowed` for a disabled user, and where the email belongs to somebody else.
 */
export async function admitIdentity(
  storage: Storage,
  proven: ProvenIdentity,
  at: Date,
  origin: Origin,
): Promise<Admitted> {
  const { claims } = proven
  // In this order: a user and the identity land together, so whoever is found by email is found by identity after that.
  const holder = await storage.users.findByEmail(claims.email)
  const known = await storage.identities.findWithUser(proven.issuer, claims.subject)
  if (holder !== null && holder.id !== known?.user.id) {
    // Nothing is ever merged by email: whoever controls an address at another provider is not the same person.
    throw notAllowed('email_of_another_user', 'This email address already belongs to another account here.')
  }
  if (known === null) return newUser(storage, proven, at, origin)
  if (known.user.status !== 'active') throw notAllowed('user_disabled', 'This account has been disabled.')
  return knownUser(storage, proven, known, at, origin)
}

function newUser(storage: Storage, proven: ProvenIdentity, at: Date, origin: Origin): Admitted {
  const { claims } = proven
  const user: User = {
    id: `usr_${randomText(16)}`,
    kind: 'person',
    email: claims.email,
    name: claims.name,
    picture: claims.picture,
    role: proven.role,
    groups: [],
    status: 'active',
    scopeLimit: null,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
  const identity = {
    id: `idn_${randomText(16)}`,
    userId: user.id,
    provider: proven.provider,
    issuer: proven.issuer,
    subject: claims.subject,
    email: claims.email,
    emailVerified: claims.emailVerified,
    hd: claims.hd,
    createdAt: at,
    lastSignInAt: at,
  }
  const event = auditEvent({
    at,
    action: 'user.created',
    actor: `user:${user.id}`,
    target: `user:${user.id}`,
    facts: { provider: proven.provider, role: user.role },
    email: claims.email,
    origin,
  })
  return {
    user,
    steps: (tx) => [
      storage.users.insert(tx, user),
      storage.identities.insert(tx, identity),
      ...storage.audit.record(tx, event),
    ],
  }
}

function knownUser(
  storage: Storage,
  proven: ProvenIdentity,
  known: NonNullable<Awaited<ReturnType<Storage['identities']['findWithUser']>>>,
  at: Date,
  origin: Origin,
): Admitted {
  const { claims } = proven
  // Being listed in ADMIN_EMAILS makes an admin; not being listed takes no role away that an admin gave.
  const role = proven.role === 'admin' ? 'admin' : known.user.role
  const profile = { email: claims.email, name: claims.name, picture: claims.picture, role }
  const changed = (['email', 'name', 'picture', 'role'] as const).filter(
    (column) => profile[column] !== known.user[column],
  )
  const user: User = changed.length === 0 ? known.user : { ...known.user, ...profile, updatedAt: at }
  const event = auditEvent({
    at,
    action: 'user.updated',
    actor: `user:${user.id}`,
    target: `user:${user.id}`,
    facts: { changed, provider: proven.provider },
    email: claims.email,
    origin,
  })
  const { email, emailVerified, hd } = claims
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
      storage.identities.updateLastSignIn(tx, {
        id: known.identity.id,
        email,
        emailVerified,
        hd,
        lastSignInAt: at,
      }),
      ...(changed.length === 0 ? [] : storage.audit.record(tx, event)),
    ],
  }
}

function notAllowed(reason: string, message: string): KeydeskError {
  return new KeydeskError('not_allowed', {
    message: `${message} Ask an administrator of this Keydesk.`,
    reason,
  })
}

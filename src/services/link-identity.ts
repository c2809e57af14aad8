import { judgeAccess } from '../domain/access-policy.ts'
import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import type { Access } from './access-policies.ts'
import { emailOfAnother, notCovered } from './admit-identity.ts'
import type { CurrentSession, FindSession } from './find-session.ts'
import { newIdentity, type ProvenIdentity } from './plan-admission.ts'
import { requireRecentSession } from './require-recent-session.ts'

const identitiesMax = 10

export type LinkIdentity = ReturnType<typeof createLinkIdentity>

/**
 * Adds a second identity to whoever is signed in: both were proven in one browser, the first by the session that began
 * this, the second just now. It has to be covered by the rules by itself.
 * @throws KeydeskError `state_invalid` where that session is over, `not_allowed` where the identity may not be added.
 */
export function createLinkIdentity(dependencies: {
  storage: Storage
  access: Access
  findSession: FindSession
  now: () => Date
}) {
  const { storage, access, findSession, now } = dependencies

  return async function linkIdentity(
    proven: ProvenIdentity,
    sessionId: string,
    shownSecret: string | undefined,
    origin: Origin,
  ): Promise<void> {
    const reading = shownSecret === undefined ? null : await findSession(shownSecret)
    if (reading?.outcome !== 'valid' || reading.session.id !== sessionId) {
      throw new KeydeskError('state_invalid', {
        message: 'The session in which you began this is over. Sign in again, then add the account.',
        reason: 'other_session',
      })
    }
    requireRecentSession(reading.session, now())
    const steps = await plan(proven, reading, now(), origin)
    if (await storage.atomically(steps)) return
    throw new KeydeskError('state_invalid', {
      message: 'Your account changed in the meantime. Start again.',
      reason: 'lost_race',
    })
  }

  async function plan(
    proven: ProvenIdentity,
    { session, user, identities }: CurrentSession,
    at: Date,
    origin: Origin,
  ): Promise<(tx: Writer) => Step[]> {
    const { provider, issuer, claims } = proven
    const admission = judgeAccess({ ...proven, ...claims }, (await access.fresh()).forSignIn())
    if (admission.outcome === 'refused') throw notCovered(admission.reason)
    const holders = await storage.identities.holdersOf(claims.email)
    const known = await storage.identities.findWithUser(issuer, claims.subject)
    if (known !== null && known.user.id !== user.id) {
      throw new KeydeskError('not_allowed', {
        message: 'You already sign in with this account as somebody else here. Ask an administrator.',
        reason: 'identity_of_another_user',
      })
    }
    if (holders.some((id) => id !== user.id)) throw emailOfAnother()
    if (known === null && identities.length >= identitiesMax) {
      throw new KeydeskError('conflict', {
        message: `You already sign in with ${identitiesMax} accounts, which is the most.`,
        reason: 'too_many_identities',
      })
    }
    const identity = newIdentity({ ...proven, at }, user.id)
    const actor = `user:${user.id}` as const
    const event = auditEvent({
      at,
      action: 'identity.linked',
      actor,
      target: actor,
      facts: { provider, identities: identities.length + 1 },
      email: claims.email,
      origin,
    })
    return (tx) => [
      { statement: storage.users.requireActive(tx, user.id), rows: 1 },
      { statement: storage.sessions.require(tx, session.id), rows: 1 },
      { statement: storage.users.requireEmailFree(tx, user.id, claims.email), rows: 1 },
      // What is linked already stays as it is.
      ...(known === null
        ? [
            { statement: storage.users.requireIdentitiesBelow(tx, user.id, identitiesMax), rows: 1 },
            storage.identities.insert(tx, identity),
            ...storage.audit.record(tx, event),
          ]
        : []),
    ]
  }
}

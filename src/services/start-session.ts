import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import { newSessionSecret, sessionSecretHash } from '../domain/session-secret.ts'
import type { Statement, Writer } from '../storage/query.ts'
import type { Session } from '../storage/sessions.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { AdmitIdentity } from './admit-identity.ts'
import type { ProvenIdentity } from './plan-admission.ts'

export interface StartedSession {
  readonly user: User
  readonly session: Session
  /** The values of the two cookies: for the answer to this request, and nowhere else. */
  readonly secret: string
  readonly appSecret: string | null
}

export type StartSession = ReturnType<typeof createStartSession>

const triesMax = 2
/** The oldest give way: nobody sits at more browsers, and nobody shall fill the table. */
const perUserMax = 50

/**
 * Admits a proven identity and signs the browser in, in one list. The value is a new one at every sign-in, and the
 * session that the browser showed is over (ASVS 5.0 §7.2.4).
 * @throws KeydeskError `not_allowed` (see admit-identity)
 */
export function createStartSession(dependencies: {
  storage: Storage
  admitIdentity: AdmitIdentity
  sessionSecondsMax: number
  /** Whether there is a second value, for apps on sibling subdomains. */
  hasAppCookie: boolean
  now: () => Date
}) {
  const { storage, admitIdentity, sessionSecondsMax, hasAppCookie, now } = dependencies

  return async function startSession(
    proven: ProvenIdentity,
    shownSecret: string | undefined,
    origin: Origin,
  ): Promise<StartedSession> {
    const shownHash = shownSecret === undefined ? null : sessionSecretHash(shownSecret)
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const at = now()
      const { user, steps } = await admitIdentity(proven, at, origin)
      const secret = newSessionSecret()
      const appSecret = hasAppCookie ? newSessionSecret() : null
      const session: Session = {
        id: `ses_${randomText(16)}`,
        userId: user.id,
        provider: proven.provider,
        secretHash: hashOf(secret),
        appSecretHash: appSecret === null ? null : hashOf(appSecret),
        address: origin.address,
        userAgent: origin.userAgent,
        createdAt: at,
        lastSeenAt: at,
        expiresAt: new Date(at.getTime() + sessionSecondsMax * 1000),
      }
      const replaced = shownHash === null ? null : await storage.sessions.findBySecret(shownHash)
      const event = auditEvent({
        at,
        action: 'sign_in.succeeded',
        actor: `user:${user.id}`,
        target: `user:${user.id}`,
        facts: { provider: proven.provider, session_id: session.id },
        email: proven.claims.email,
        origin,
      })
      const landed = await storage.atomically((tx) => [
        ...steps(tx),
        storage.sessions.prune(tx, at),
        storage.sessions.endAllBut(tx, user.id, perUserMax - 1),
        ...(replaced === null ? [] : endReplaced(tx, replaced, at, origin)),
        storage.sessions.insert(tx, session),
        ...storage.audit.record(tx, event),
      ])
      if (landed) {
        // Those that gave way are over in every process, and what the provider says now is known to all.
        await storage.confirmChanges()
        return { user, session, secret, appSecret }
      }
    }
    throw new KeydeskError('state_invalid', {
      message: 'Your account changed while you signed in. Start again.',
      reason: 'lost_race',
    })
  }

  function endReplaced(
    tx: Writer,
    { session, user }: { session: Session; user: User },
    at: Date,
    origin: Origin,
  ): Statement[] {
    const who = `user:${user.id}` as const
    const facts = { session_id: session.id, reason: 'replaced' }
    const event = auditEvent({ at, action: 'session.ended', actor: who, target: who, facts, origin })
    return [storage.sessions.end(tx, session.id), ...storage.audit.record(tx, event)]
  }
}

function hashOf(secret: string): string {
  const hash = sessionSecretHash(secret)
  if (hash === null) throw new Error('a new session secret has the wrong form')
  return hash
}

import { type AccessPolicy, isOwnerAllowed } from '../domain/access-policy.ts'
import { KeydeskError } from '../domain/errors.ts'
import { sessionSecretHash } from '../domain/session-secret.ts'
import type { Identity } from '../storage/identities.ts'
import type { Session, SessionWithUser } from '../storage/sessions.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { Access } from './access-policies.ts'
import { createSessionMemory, type KnownSession, type SessionName } from './session-memory.ts'
import { createSharedLook } from './shared-look.ts'
import { createSharedReading } from './shared-reading.ts'

/** A signed-in browser, and who sits there. */
export interface CurrentSession {
  readonly session: Session
  readonly user: User
  readonly identities: readonly Identity[]
  /** When it ends if it is not used. */
  readonly idleUntil: Date
}

/** Why a session opens nothing is told only to who shows its value. */
export type SessionReading =
  | ({ readonly outcome: 'valid' } & CurrentSession)
  | { readonly outcome: 'none' | 'user_disabled' | 'owner_not_allowed' }

export interface FindSession {
  /** By the value of `__Host-keydesk`. Finding a session is a use of it. */
  (secret: string): Promise<SessionReading>
  /** The same by the value of `__Secure-keydesk-app`. */
  byApp(appSecret: string): Promise<SessionReading>
  /** By the id, which a JWT names. That is no use: nobody sits there, and only the browser keeps itself signed in. */
  byId(sessionId: string): Promise<SessionReading>
}

type Read = (value: string) => Promise<SessionWithUser | null>

/** What was read, with the rules, all of it as of now. */
interface Current {
  readonly known: KnownSession
  readonly policy: AccessPolicy
}

const touchAfterMsMax = 60_000
const rememberedMax = 10_000
/** So long a session is read again and again while others change it, or the database dawdles. */
const readingMsMax = 1000
const none = { outcome: 'none' } as const

/**
 * Finds a session and judges, at every use: how old it is, how long it was idle, whether its user is active, and whether
 * the rules still cover the user. One that is known is answered without a query; but it is judged, in one turn of the
 * event loop, by what is true now: the look at the database says so, and it is taken after the request had arrived.
 * @throws KeydeskError `unavailable`
 */
export function createFindSession(dependencies: {
  storage: Storage
  access: Access
  idleSecondsMax: number
  now: () => Date
}): FindSession {
  const { storage, access, idleSecondsMax, now } = dependencies
  const idleMsMax = idleSecondsMax * 1000
  // Often enough that idleness is measured well, and not at every click.
  const touchAfterMs = Math.min(touchAfterMsMax, idleMsMax / 10)
  const memory = createSessionMemory(rememberedMax)
  const touches = new Map<string, Promise<void>>()
  const verdicts = new WeakMap<readonly Identity[], { policy: AccessPolicy; isAllowed: boolean }>()
  const sharedLook = createSharedLook(storage.generation)
  const readTogether = createSharedReading<SessionWithUser | null>()
  const { findBySecret, findByAppSecret, findWithUser } = storage.sessions

  return Object.assign((secret: string) => use('secret', sessionSecretHash(secret), findBySecret), {
    byApp: (appSecret: string) => use('app', sessionSecretHash(appSecret), findByAppSecret),

    async byId(sessionId: string) {
      const name: SessionName = `id ${sessionId}`
      const known = memory.find(name)
      if (known !== null) await sharedLook()
      const current = stillCurrent(known) ?? (await readCurrent(name, sessionId, findWithUser))
      return current === null ? none : judge(current, now(), current.known.session.lastSeenAt)
    },
  })

  async function use(way: 'secret' | 'app', hash: string | null, read: Read): Promise<SessionReading> {
    if (hash === null) return none
    const name: SessionName = `${way} ${hash}`
    const remembered = memory.find(name)
    if (remembered !== null) await sharedLook()
    const current = stillCurrent(remembered) ?? (await readCurrent(name, hash, read))
    if (current === null) return none
    const at = now()
    const reading = judge(current, at, at)
    if (reading.outcome === 'valid' && isTouchDue(current.known, at)) await touchOnce(name, current.known, at)
    return reading
  }

  function isTouchDue({ session }: KnownSession, at: Date): boolean {
    return at.getTime() - session.lastSeenAt.getTime() >= touchAfterMs
  }

  /** One write for all who use the session at that time: a page asks for many things at once. */
  async function touchOnce(name: SessionName, known: KnownSession, at: Date): Promise<void> {
    const { id } = known.session
    const latest = memory.find(name) ?? known
    if (!isTouchDue(latest, at)) return
    const touching =
      touches.get(id) ??
      storage
        .atomicallyUnnoticed((tx) => [storage.sessions.touch(tx, id, at)])
        .then(() => memory.touch(name, latest, at))
        .finally(() => touches.delete(id))
    touches.set(id, touching)
    await touching
  }

  /**
   * For who has just looked. Nobody is told of a use, and another replica may know of one: what seems idle is not current,
   * so who would call a session idle reads it first.
   */
  function stillCurrent(known: KnownSession | null): Current | null {
    return known === null || isIdle(known.session, now()) ? null : currentOf(known)
  }

  /** Reads until nothing has changed in between. Nobody gives way between the last look and the answer of this. */
  async function readCurrent(name: SessionName, value: string, read: Read): Promise<Current | null> {
    const begunAt = performance.now()
    while (performance.now() - begunAt < readingMsMax) {
      const generation = await storage.generation()
      const found = await readTogether(name, () => read(value))
      if (found === null) {
        memory.forget(name)
        return null
      }
      const known = { ...found, generation }
      memory.remember(name, known)
      await access.fresh()
      await storage.generation()
      const current = currentOf(known)
      if (current !== null) return current
    }
    throw new KeydeskError('unavailable', {
      message: 'The database changes too fast, or answers too slowly, to give a true answer. Try again.',
    })
  }

  /** With the rules, unless anything that is judged may have changed since it was read. */
  function currentOf(known: KnownSession): Current | null {
    if (storage.changedSince(known.generation, [known.session.id, known.user.id])) return null
    const policies = access.remembered()
    return policies === null ? null : { known, policy: policies.forUse }
  }

  function judge({ known, policy }: Current, at: Date, usedAt: Date): SessionReading {
    const { session, user, identities } = known
    if (session.expiresAt.getTime() <= at.getTime() || isIdle(session, at)) return none
    if (user.status !== 'active') return { outcome: 'user_disabled' }
    if (!isAllowed(known, policy)) return { outcome: 'owner_not_allowed' }
    const idleUntil = new Date(Math.min(usedAt.getTime() + idleMsMax, session.expiresAt.getTime()))
    return { outcome: 'valid', session, user, identities, idleUntil }
  }

  /** Worked out once for each policy and reading of the user. */
  function isAllowed({ user: { kind }, identities }: KnownSession, policy: AccessPolicy): boolean {
    const before = verdicts.get(identities)
    if (before?.policy === policy) return before.isAllowed
    const verdict = { policy, isAllowed: isOwnerAllowed({ kind, identities }, policy) }
    verdicts.set(identities, verdict)
    return verdict.isAllowed
  }

  function isIdle({ lastSeenAt }: Session, at: Date): boolean {
    return at.getTime() - lastSeenAt.getTime() >= idleMsMax
  }
}

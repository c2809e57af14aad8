import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { sessionSecretHash } from '../domain/session-secret.ts'
import type { Statement, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import { findLiveUser } from './find-live-user.ts'
import type { FindSession } from './find-session.ts'

export type EndSessions = ReturnType<typeof createEndSessions>

/**
 * The ways in which sessions end before their time. Whoever shows the value of an ended one is nobody from then on: each
 * answers when no process remembers them any more.
 */
export function createEndSessions(dependencies: {
  storage: Storage
  findSession: FindSession
  now: () => Date
}) {
  const { storage, findSession, now } = dependencies
  return { endShown, endEverywhere, endOne, endOfUser, endAll }

  /** Signs this browser out. A value that opens nothing any more is fine: that is what was asked for. */
  async function endShown(secret: string, origin: Origin): Promise<void> {
    const secretHash = sessionSecretHash(secret)
    if (secretHash === null) return
    const found = await storage.sessions.findBySecret(secretHash)
    if (found === null) {
      // Whoever ended it may not have been answered yet.
      await storage.confirmChanges()
      return
    }
    const { session, user } = found
    const who = `user:${user.id}` as const
    const event = auditEvent({
      at: now(),
      action: 'session.ended',
      actor: who,
      target: who,
      facts: { session_id: session.id },
      origin,
    })
    await storage.atomically((tx) => [
      { statement: storage.sessions.end(tx, session.id), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
    await storage.confirmChanges()
  }

  /** Signs the person of this browser out of every browser, this one among them. */
  async function endEverywhere(secret: string, origin: Origin): Promise<void> {
    // One that age or idleness has ended says nothing of who sits there now.
    if ((await findSession(secret)).outcome === 'none') return
    const secretHash = sessionSecretHash(secret)
    const found = secretHash === null ? null : await storage.sessions.findBySecret(secretHash)
    if (found !== null) await end(found.user.id, `user:${found.user.id}`, origin)
  }

  /** Signs a user out of one browser. @throws KeydeskError `not_found` for a session that is not this user's */
  async function endOne(userId: string, sessionId: string, actor: Actor, origin: Origin): Promise<void> {
    await findLiveUser(storage, userId)
    const event = auditEvent({
      at: now(),
      action: 'session.ended',
      actor,
      target: `user:${userId}`,
      facts: { session_id: sessionId },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      { statement: storage.sessions.endOneOf(tx, userId, sessionId), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
    if (!landed) throw new KeydeskError('not_found', { message: 'The user has no session with this id.' })
    await storage.confirmChanges()
  }

  /** @throws KeydeskError `not_found` */
  async function endOfUser(userId: string, actor: Actor, origin: Origin): Promise<void> {
    await findLiveUser(storage, userId)
    await end(userId, actor, origin)
  }

  async function end(userId: string, actor: Actor, origin: Origin): Promise<void> {
    await record((tx) => storage.sessions.endOfUser(tx, userId), actor, `user:${userId}`, origin)
  }

  /** Signs everybody out. */
  async function endAll(actor: Actor, origin: Origin): Promise<void> {
    await record((tx) => storage.sessions.endAll(tx), actor, null, origin)
  }

  async function record(
    statement: (tx: Writer) => Statement,
    actor: Actor,
    target: string | null,
    origin: Origin,
  ): Promise<void> {
    const event = auditEvent({ at: now(), action: 'sessions.ended', actor, target, origin })
    await storage.atomically((tx) => [statement(tx), ...storage.audit.record(tx, event)])
    await storage.confirmChanges()
  }
}

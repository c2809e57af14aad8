import { type AuditEvent, auditEvent, type Origin } from '../domain/audit-event.ts'
import { authCodeHash } from '../domain/auth-code.ts'
import { meetsChallenge } from '../domain/code-challenge.ts'
import type { AuthCode } from '../storage/auth-codes.ts'
import type { Storage } from '../storage/storage.ts'
import type { FindSession } from './find-session.ts'
import type { SignedJwt, SignJwt } from './sign-jwt.ts'

/** What an app shows for its code. */
export interface AuthCodeExchange {
  readonly code: string
  readonly codeVerifier: string
  /** Each origin that the request names: of where the code was sent, and of the page that asks. */
  readonly origins: readonly string[]
}

export type ExchangeAuthCode = ReturnType<typeof createExchangeAuthCode>

/**
 * Turns a one-time code into a JWT for the app that the code was sent to. A code is taken once, on whichever replica, and
 * whoever shows it with another verifier or another origin has used it up. The session is judged as of now.
 * Answers null, without a reason, for whatever gets no JWT: nobody is known yet.
 * @throws KeydeskError `unavailable`
 */
export function createExchangeAuthCode(dependencies: {
  storage: Storage
  findSession: FindSession
  signJwt: SignJwt
  now: () => Date
}) {
  const { storage, findSession, signJwt, now } = dependencies

  return async function exchangeAuthCode(
    exchange: AuthCodeExchange,
    origin: Origin,
  ): Promise<SignedJwt | null> {
    const codeHash = authCodeHash(exchange.code)
    const code = codeHash === null ? null : await storage.authCodes.find(codeHash, now())
    if (code === null) return null
    if (!meetsChallenge(exchange.codeVerifier, code.codeChallenge))
      return refuse(code, 'wrong_verifier', origin)
    if (exchange.origins.some((named) => named !== code.origin)) return refuse(code, 'wrong_origin', origin)
    const reading = await findSession.byId(code.sessionId)
    if (reading.outcome !== 'valid') return refuse(code, 'session_over', origin)
    const { session, user } = reading
    const signed = await signJwt({ kind: 'session', session, user }, { audience: code.origin })
    const at = now()
    const who = `user:${user.id}` as const
    const facts = { session_id: session.id, audience: code.origin }
    const event = auditEvent({ at, action: 'auth_code.exchanged', actor: who, target: who, facts, origin })
    const landed = await storage.atomically((tx) => [
      { statement: storage.authCodes.take(tx, code.codeHash, at), rows: 1 },
      { statement: storage.sessions.require(tx, session.id), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
    // Not landed: somebody else was first, or the session has ended meanwhile. Nobody sees what was signed.
    return landed ? signed : null
  }

  async function refuse(code: AuthCode, reason: string, origin: Origin): Promise<null> {
    const at = now()
    const event: AuditEvent = auditEvent({
      at,
      action: 'sign_in.refused',
      actor: 'anonymous',
      facts: { reason, session_id: code.sessionId },
      origin,
    })
    await storage.atomically((tx) => [
      { statement: storage.authCodes.take(tx, code.codeHash, at), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
    return null
  }
}

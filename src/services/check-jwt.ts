import type { JwtClaims } from '../domain/jwt-claims.ts'
import { isFor } from '../domain/jwt-claims.ts'
import type { RateState } from '../domain/rate-limit.ts'
import type { Storage } from '../storage/storage.ts'
import type { FindSession } from './find-session.ts'
import type { Holder } from './holder.ts'
import { invalidKey, type JudgeKeyUse, type KeyUse, type Verification } from './judge-key-use.ts'
import { createSharedLook } from './shared-look.ts'
import { scopesOf } from './sign-jwt.ts'
import { isAccepted, type SigningKeySet, type SigningKeys } from './signing-keys.ts'
import type { UseLiveKey } from './use-live-key.ts'
import type { ProvenJwt, VerifyJwtSignature } from './verify-jwt-signature.ts'

export interface JwtCheck {
  readonly jwt: string
  /** Whom it has to be for; null for a question about the JWT itself: that is no use of its key, from no address. */
  readonly audience: string | null
  readonly scopes: readonly string[]
  readonly groups: readonly string[]
  readonly address: string | null
  /** As it was sent. */
  readonly userAgent: string | undefined
}

export type JwtVerification =
  /** Not ours, altered, expired, for somebody else; or its key is gone, or its session over. */
  | { readonly outcome: 'invalid_jwt' }
  | {
      readonly outcome: 'valid'
      readonly holder: Holder
      /** Those of its `scope` that its key carries now. */
      readonly scopes: string[]
      readonly rate: RateState | null
      /** As of the key; null for a session. */
      readonly leaseUntil: Date | null
      readonly claims: JwtClaims
    }
  /** The key that it came from is refused, or has been used too often. */
  | Exclude<Verification, { readonly outcome: 'valid' | 'invalid_key' }>
  /** The user of the session that it came from may not come in, or lacks a group; a session carries no scopes. */
  | {
      readonly outcome: 'user_disabled' | 'owner_not_allowed' | 'insufficient_scope' | 'forbidden'
      readonly sessionId: string
    }

/**
 * Says whether a JWT is good: signed by a key of our keyring, in its time, for the audience; and whether the key or the
 * session that it came from passes every check, as of now.
 * @throws KeydeskError `unavailable`
 */
export type CheckJwt = (request: JwtCheck) => Promise<JwtVerification>

const invalidJwt: JwtVerification = { outcome: 'invalid_jwt' }

/** Only that a signature was right is remembered; all else is judged at every use. */
export function createCheckJwt(dependencies: {
  storage: Storage
  verifyJwtSignature: VerifyJwtSignature
  signingKeys: SigningKeys
  useLiveKey: UseLiveKey
  judgeKeyUse: JudgeKeyUse
  findSession: FindSession
  issuer: string
  now: () => Date
}): CheckJwt {
  const { storage, verifyJwtSignature, signingKeys, useLiveKey, findSession, issuer, now } = dependencies
  const { note } = dependencies.judgeKeyUse
  const sharedLook = createSharedLook(storage.generation)

  return async function checkJwt(request) {
    const verifying = verifyJwtSignature(request.jwt)
    const proven = verifying instanceof Promise ? await verifying : verifying
    // After the signature, which takes a while the first time: what follows is judged on what is true now.
    await sharedLook()
    const keys = signingKeys.remembered() ?? (await signingKeys.fresh())
    if (proven === null || !isInForce(proven, keys, request.audience)) return refuse(request)
    const { key_id: keyId } = proven.claims
    return keyId === undefined ? checkSession(proven.claims, request) : checkKey(keyId, proven, request)
  }

  function isInForce({ kid, claims }: ProvenJwt, keys: SigningKeySet, audience: string | null): boolean {
    const key = keys.byKid(kid)
    const at = now()
    if (key === undefined || !isAccepted(key, at) || claims.exp * 1000 <= at.getTime()) return false
    return claims.iss === issuer && (audience === null || isFor(claims, audience))
  }

  async function checkKey(
    keyId: string,
    { claims, scopes: carried }: ProvenJwt,
    request: JwtCheck,
  ): Promise<JwtVerification> {
    const using = useLiveKey(keyId, useOf(request, carried))
    const verification = using instanceof Promise ? await using : using
    if (verification.outcome === 'invalid_key') return invalidJwt
    if (verification.outcome !== 'valid') return verification
    const { record, rate, leaseUntil } = verification
    if (record.owner.id !== claims.sub) return invalidJwt
    const holder = { kind: 'key', record } as const
    return { outcome: 'valid', holder, scopes: scopesOf(holder, carried), rate, leaseUntil, claims }
  }

  async function checkSession(claims: JwtClaims, request: JwtCheck): Promise<JwtVerification> {
    const sessionId = claims.sid ?? ''
    const reading = await findSession.byId(sessionId)
    if (reading.outcome === 'none') return invalidJwt
    if (reading.outcome !== 'valid') return { outcome: reading.outcome, sessionId }
    const { session, user } = reading
    if (user.id !== claims.sub) return invalidJwt
    if (request.scopes.length > 0) return { outcome: 'insufficient_scope', sessionId }
    if (!request.groups.every((group) => user.groups.includes(group)))
      return { outcome: 'forbidden', sessionId }
    const holder = { kind: 'session', session, user } as const
    return { outcome: 'valid', holder, scopes: [], rate: null, leaseUntil: null, claims }
  }

  /** Counted as a text that is no key is: somebody tries. */
  function refuse(request: JwtCheck): JwtVerification {
    note(invalidKey, useOf(request, []))
    return invalidJwt
  }
}

function useOf(request: JwtCheck, carried: readonly string[]): KeyUse {
  const { audience, scopes, groups, address, userAgent } = request
  const use = { scopes, groups, address, userAgent, carried }
  return audience === null ? { ...use, isInspection: true, isFromAnywhere: true } : use
}

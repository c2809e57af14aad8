import { SignJWT } from 'jose'
import { earliest } from '../domain/earliest.ts'
import { KeydeskError } from '../domain/errors.ts'
import { buildClaims, withoutReserved } from '../domain/jwt-claims.ts'
import { randomText } from '../domain/random-text.ts'
import { effectiveScopes } from '../domain/scopes.ts'
import type { Holder } from './holder.ts'
import { isAccepted, type SigningKeys } from './signing-keys.ts'

/** A JWT that was just made, and what it says. */
export interface SignedJwt {
  readonly jwt: string
  readonly expiresAt: Date
  /** What is in its `scope`. */
  readonly scopes: string[]
}

/**
 * Makes a JWT for whoever stands behind a request. Without `scopes` it holds all that the key carries now, but rights on
 * Keydesk itself; with them those of them that it carries. A session carries none. With `endsAt` it ends then at the latest.
 * @throws KeydeskError `unavailable`
 */
export type SignJwt = (
  holder: Holder,
  options: { audience: string; scopes?: readonly string[]; endsAt?: Date | undefined },
) => Promise<SignedJwt>

/** Signs with the newest key of the keyring, on every replica as of now. */
export function createSignJwt(dependencies: {
  signingKeys: SigningKeys
  issuer: string
  ttlSeconds: number
  now: () => Date
}): SignJwt {
  const { signingKeys, issuer, ttlSeconds, now } = dependencies

  return async function signJwt(holder, { audience, scopes: asked, endsAt }) {
    const { signing } = await signingKeys.fresh()
    const issuedAt = now()
    // Where JWT_ALG is being changed, a minute may pass until the replica has a key of its algorithm again.
    if (signing === null || !isAccepted(signing, issuedAt)) {
      throw new KeydeskError('unavailable', {
        message: 'There is no key that signs JWTs at the moment. Try again in a minute.',
        retryAfterSeconds: 60,
      })
    }
    const scopes = scopesOf(holder, asked)
    const proof = proofOf(holder)
    const claims = buildClaims({
      issuer,
      audience,
      scopes,
      jti: `jwt_${randomText(20)}`,
      issuedAt,
      ttlSeconds,
      ...proof,
      // A replica that cannot open the next key signs on with one that has been replaced, for as long as it is accepted.
      endsAt: earliest([proof.endsAt, endsAt ?? null, signing.acceptedUntil]),
    })
    const jwt = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: signing.alg, kid: signing.kid, typ: 'JWT' })
      .sign(signing.privateKey)
    return { jwt, expiresAt: new Date(claims.exp * 1000), scopes }
  }
}

/** What may go into the JWT of a holder: their scopes as of now, all of them or those of them that are asked for. */
export function scopesOf(holder: Holder, asked?: readonly string[]): string[] {
  if (holder.kind === 'session') return []
  const { key, owner } = holder.record
  const scopes = withoutReserved(effectiveScopes(key.scopes, owner))
  return asked === undefined ? scopes : scopes.filter((scope) => asked.includes(scope))
}

function proofOf(holder: Holder) {
  if (holder.kind === 'session') {
    const { session, user } = holder
    return { subject: user, proof: { sid: session.id }, endsAt: session.expiresAt }
  }
  const { key, owner } = holder.record
  return { subject: owner, proof: { key_id: key.id }, endsAt: key.expiresAt }
}

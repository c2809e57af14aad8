import { earliest } from '../domain/earliest.ts'
import { isOwnJwt, type JwtClaims } from '../domain/jwt-claims.ts'
import { effectiveScopes } from '../domain/scopes.ts'
import type { KeyWithOwner } from '../storage/keys.ts'
import type { User } from '../storage/users.ts'
import type { CheckJwt } from './check-jwt.ts'
import type { VerifyKey } from './verify-key.ts'

/** What is known of a token that is live. */
export interface LiveToken {
  /** Those that count right now. */
  readonly scopes: readonly string[]
  /** The key, or the key that the JWT came from; null for the JWT of a session. */
  readonly keyId: string | null
  readonly user: User
  readonly issuedAt: Date
  /** When it ends by itself, as far as that is known. */
  readonly expiresAt: Date | null
  /** Of a JWT. */
  readonly claims: JwtClaims | null
}

export type IntrospectToken = ReturnType<typeof createIntrospectToken>

/**
 * Says of a key text or a JWT of ours what it opens right now; null for whatever is not live. Asking is no use of it. The
 * address that asks is that of a service, and not of whoever showed the token: where a key may be used from is not judged.
 * @throws KeydeskError `unavailable`, `overloaded`
 */
export function createIntrospectToken(dependencies: {
  verifyKey: VerifyKey
  checkJwt: CheckJwt
  issuer: string
}) {
  const { verifyKey, checkJwt, issuer } = dependencies
  const asked = { scopes: [], groups: [], address: null, userAgent: undefined }

  return function introspectToken(token: string): Promise<LiveToken | null> {
    return isOwnJwt(token, issuer) ? introspectJwt(token) : introspectKey(token)
  }

  async function introspectKey(keyText: string): Promise<LiveToken | null> {
    const verification = await verifyKey({ ...asked, keyText, isInspection: true })
    // The address is judged after everything else that is judged here.
    if (verification.outcome !== 'valid' && verification.outcome !== 'not_allowed') return null
    const { record, leaseUntil } = verification
    const { key, owner } = record
    return {
      scopes: scopesOf(record),
      keyId: key.id,
      user: owner,
      issuedAt: key.createdAt,
      expiresAt: earliest([key.expiresAt, key.retiresAt, leaseUntil]),
      claims: null,
    }
  }

  async function introspectJwt(jwt: string): Promise<LiveToken | null> {
    const verification = await checkJwt({ ...asked, jwt, audience: null })
    if (verification.outcome !== 'valid') return null
    const { holder, scopes, claims } = verification
    return {
      scopes,
      keyId: holder.kind === 'key' ? holder.record.key.id : null,
      user: holder.kind === 'key' ? holder.record.owner : holder.user,
      issuedAt: new Date(claims.iat * 1000),
      expiresAt: new Date(claims.exp * 1000),
      claims,
    }
  }
}

function scopesOf({ key, owner }: KeyWithOwner): string[] {
  return effectiveScopes(key.scopes, owner)
}

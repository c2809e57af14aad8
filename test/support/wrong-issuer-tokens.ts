import { randomBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Behaviour } from './wrong-issuer-behaviour.ts'
import type { UnsignedToken } from './wrong-issuer-keys.ts'

/** What an ID token is made from. */
export interface TokenFacts {
  issuer: string
  clientId: string
  account: { sub: string } & Record<string, unknown>
  /** The authorization request behind the code. */
  asked: URLSearchParams
}

/** The ID token, or what the behaviour gives in its place, before it is signed. */
export function unsignedIdToken(facts: TokenFacts, behaviour: Behaviour): UnsignedToken {
  const { claims, typ } = rightClaims(facts, behaviour)
  return {
    claims: behaviour.idTokenClaims(claims),
    header: (header) => behaviour.idTokenHeader({ ...header, typ }),
  }
}

function rightClaims(facts: TokenFacts, { token }: Behaviour): { claims: JWTPayload; typ: string } {
  const { issuer, clientId, account, asked } = facts
  const now = Math.floor(Date.now() / 1000)
  const common = { iss: issuer, aud: clientId, sub: account.sub, iat: now, exp: now + 3600 }
  const jti = randomBytes(8).toString('hex')
  if (token === 'access-token-as-id-token') {
    return { typ: 'at+jwt', claims: { ...common, jti, client_id: clientId, scope: asked.get('scope') } }
  }
  if (token === 'logout-token-as-id-token') {
    return { typ: 'logout+jwt', claims: { ...common, jti, events: { [logoutEvent]: {} } } }
  }
  const nonce = asked.get('nonce') ?? undefined
  return { typ: 'JWT', claims: { ...common, azp: clientId, nonce, ...account } }
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

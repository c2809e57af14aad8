import type { JWTHeaderParameters, JWTPayload } from 'jose'

/** How one endpoint answers. Everything but 'ok' is a way in which a provider fails or lies. */
export type EndpointBehaviour =
  | 'ok'
  | 'status-500'
  /** Takes the request and never answers. */
  | 'hang'
  /** Answers one byte at a time, for ever. */
  | 'trickle'
  /** The right answer, padded to 2 MB: only a size limit refuses it. */
  | 'junk-2mb'
  | 'not-json'
  /** 307 to a place that gives the right answer: only a client that does not follow refuses it. */
  | 'redirect'

export type TokenBehaviour =
  | EndpointBehaviour
  | 'error-invalid-grant'
  | 'no-id-token'
  | 'access-token-as-id-token'
  | 'logout-token-as-id-token'

export type Signing =
  | 'good'
  /** A key, with a key id, that was never published. */
  | 'unknown-key'
  /** Another key under the key id of the published one. */
  | 'unknown-key-same-kid'
  | 'bad-signature'
  | 'alg-none'
  | 'hs256-with-client-secret'
  /** HS256 keyed with the text of the public key: the confusion of algorithms. */
  | 'hs256-with-public-key'
  /** The next key, which the JWKS lists (alone) while this is set: what a rotation looks like. */
  | 'rotated'

export type SigningAlgorithm = 'ES256' | 'RS256' | 'EdDSA' | 'PS256' | 'RS512'

/** The one person whom the wrong issuer signs in. A claim that is undefined is left out. */
export type WrongIssuerAccount = { sub: string } & Partial<
  Record<'email' | 'email_verified' | 'name' | 'hd' | 'picture', unknown>
>

type Json = Record<string, unknown>

/** What the issuer does; assign a field to make it wrong. Functions may change their argument in place. */
export interface Behaviour {
  discovery: (document: Json) => Json
  callback: (parameters: URLSearchParams) => void
  idTokenHeader: (header: JWTHeaderParameters) => JWTHeaderParameters
  idTokenClaims: (claims: JWTPayload) => JWTPayload
  algorithm: SigningAlgorithm
  sign: Signing
  tokenAnswer: (answer: Json) => Json
  userInfo: (claims: Json) => Json
  token: TokenBehaviour
  userInfoEndpoint: EndpointBehaviour
  jwksEndpoint: EndpointBehaviour
  discoveryEndpoint: EndpointBehaviour
}

/** The behaviour of a correct issuer. */
export function rightBehaviour(): Behaviour {
  return {
    discovery: (document) => document,
    callback: () => undefined,
    idTokenHeader: (header) => header,
    idTokenClaims: (claims) => claims,
    algorithm: 'ES256',
    sign: 'good',
    tokenAnswer: (answer) => answer,
    userInfo: (claims) => claims,
    token: 'ok',
    userInfoEndpoint: 'ok',
    jwksEndpoint: 'ok',
    discoveryEndpoint: 'ok',
  }
}

/** The person of a correct issuer: verified, in the domain that the tests allow. */
export function rightAccount(): WrongIssuerAccount {
  return {
    sub: '108237465019283746550',
    email: 'wanda@example.com',
    email_verified: true,
    name: 'Wanda Example',
    hd: 'example.com',
  }
}

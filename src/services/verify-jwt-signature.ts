import { hash } from 'node:crypto'
import { type CryptoKey, compactVerify, decodeProtectedHeader } from 'jose'
import { LRUCache } from 'lru-cache'
import { KeydeskError } from '../domain/errors.ts'
import { type JwtClaims, readClaims, splitScopes } from '../domain/jwt-claims.ts'
import type { SigningKeys } from './signing-keys.ts'

/** A JWT that a key of our keyring has signed, whether it is good by now or not. */
export interface ProvenJwt {
  readonly kid: string
  readonly claims: JwtClaims
  /** Those of its `scope`. */
  readonly scopes: readonly string[]
}

/** Null for whatever none of our keys has signed to the letter. */
export type VerifyJwtSignature = (jwt: string) => ProvenJwt | null | Promise<ProvenJwt | null>

const charactersMax = 16_384
const rememberedMax = 10_000
const grammar = /^[\w-]+\.[\w-]+\.[\w-]+$/

/**
 * Verifies a JWT by the key that its `kid` names, and by the algorithm of that key, whatever its header wants. A signature
 * that was verified stays one: it is remembered by the SHA-256 of the whole text, and nothing else of it is.
 * @throws KeydeskError `unavailable` where the key may be one that this process cannot open.
 */
export function createVerifyJwtSignature(dependencies: { signingKeys: SigningKeys }): VerifyJwtSignature {
  const { signingKeys } = dependencies
  const remembered = new LRUCache<string, ProvenJwt>({ max: rememberedMax })

  return function verifyJwtSignature(jwt) {
    if (jwt.length > charactersMax) return null
    const digest = hash('sha256', jwt)
    return remembered.get(digest) ?? verify(jwt, digest)
  }

  async function verify(jwt: string, digest: string): Promise<ProvenJwt | null> {
    const kid = grammar.test(jwt) ? kidOf(jwt) : null
    if (kid === null || !jwt.split('.').every(isCanonical)) return null
    const set = await signingKeys.fresh()
    const key = set.byKid(kid)
    if (key === undefined) {
      if (set.hasSealed) throw new KeydeskError('unavailable', { message: sealedKey })
      return null
    }
    const claims = await claimsOf(jwt, key)
    if (claims === null) return null
    const proven = { kid, claims, scopes: splitScopes(claims.scope) }
    remembered.set(digest, proven)
    return proven
  }
}

const sealedKey =
  'The keyring holds a key that was made under another PROXY_MASTER_KEY. Start every replica with the same one.'

async function claimsOf(
  jwt: string,
  { publicKey, alg }: { publicKey: CryptoKey; alg: string },
): Promise<JwtClaims | null> {
  try {
    const { payload, protectedHeader } = await compactVerify(jwt, publicKey, { algorithms: [alg] })
    // Nothing else that we sign has this type; what has another one is none of these.
    return protectedHeader.typ === 'JWT' ? readClaims(Buffer.from(payload).toString('utf8')) : null
  } catch {
    return null
  }
}

function kidOf(jwt: string): string | null {
  try {
    const { kid } = decodeProtectedHeader(jwt)
    return typeof kid === 'string' ? kid : null
  } catch {
    return null
  }
}

/** Base64 leaves bits unused: without this, several texts would be the same JWT. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

import { createHmac, randomBytes } from 'node:crypto'
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'
import type { Signing, SigningAlgorithm } from './wrong-issuer-behaviour.ts'

/** The keys of the wrong issuer, and every good and bad way to sign with them. */
export interface WrongIssuerKeys {
  jwks(algorithm: SigningAlgorithm, sign: Signing): Promise<{ keys: JWK[] }>
  sign(token: UnsignedToken, algorithm: SigningAlgorithm, sign: Signing): Promise<string>
  rotate(): void
}

export interface UnsignedToken {
  claims: JWTPayload
  header: (header: JWTHeaderParameters) => JWTHeaderParameters
}

/** Keys are made on first use, one per algorithm, for RSA takes its time. */
export function createWrongIssuerKeys(clientSecret: string): WrongIssuerKeys {
  let current = keyMaker()
  let next = keyMaker()
  const neverPublished = keyMaker()

  return {
    async jwks(algorithm, sign) {
      const { publicJwk } = await (sign === 'rotated' ? next : current)(algorithm)
      return { keys: [publicJwk] }
    },

    async sign({ claims, header }, algorithm, sign) {
      const published = await current(algorithm)
      const good = { alg: algorithm, kid: published.kid }
      if (sign === 'alg-none') return `${encode(header({ alg: 'none' }))}.${encode(claims)}.`
      if (sign === 'hs256-with-client-secret') return hs256(header({ alg: 'HS256' }), claims, clientSecret)
      if (sign === 'hs256-with-public-key') {
        return hs256(header({ ...good, alg: 'HS256' }), claims, await exportSPKI(published.publicKey))
      }
      if (sign === 'unknown-key' || sign === 'unknown-key-same-kid') {
        const { privateKey, kid } = await neverPublished(algorithm)
        return signed(header(sign === 'unknown-key' ? { ...good, kid } : good), claims, privateKey)
      }
      if (sign === 'rotated') {
        const { privateKey, kid } = await next(algorithm)
        return signed(header({ ...good, kid }), claims, privateKey)
      }
      const token = await signed(header(good), claims, published.privateKey)
      return sign === 'bad-signature' ? withOneBitFlipped(token) : token
    },

    rotate() {
      current = next
      next = keyMaker()
    },
  }
}

interface SigningKey {
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
  publicJwk: JWK
}

function keyMaker(): (algorithm: SigningAlgorithm) => Promise<SigningKey> {
  const made = new Map<SigningAlgorithm, Promise<SigningKey>>()
  return (algorithm) => {
    const key = made.get(algorithm) ?? makeKey(algorithm)
    made.set(algorithm, key)
    return key
  }
}

async function makeKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const kid = randomBytes(8).toString('hex')
  return { kid, privateKey, publicKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

function signed(header: JWTHeaderParameters, claims: JWTPayload, key: CryptoKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key)
}

function hs256(header: JWTHeaderParameters, claims: JWTPayload, secret: string): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function withOneBitFlipped(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return `${header}.${payload}.${bytes.toString('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { openSealed } from '../domain/sealed-text.ts'
import { keyringChange, type WrappedKey } from '../storage/keyring.ts'
import type { Storage } from '../storage/storage.ts'
import { type CurrentReading, createCurrentReading } from './current-reading.ts'

export type JwtAlgorithm = 'ES256' | 'RS256'

/** The members that go out, and no other (RFC 7517 §4, RFC 7518 §6). */
export interface PublicJwk {
  readonly kty: string
  readonly kid: string
  readonly alg: JwtAlgorithm
  readonly use: 'sig'
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}

/** A key that signs JWTs, or did. */
export interface SigningKey {
  readonly id: string
  /** RFC 7638: the SHA-256 of the public key. */
  readonly kid: string
  readonly alg: JwtAlgorithm
  readonly createdAt: Date
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: PublicJwk
}

/** What is in the keyring for JWTs, in the order in which it was made. */
export interface SigningKeySet {
  readonly keys: readonly PlacedKey[]
  /** The newest of the algorithm that is set: it signs. Null until one is made. */
  readonly signing: PlacedKey | null
  /** Whether there is a key that this process cannot open: its master key is another than that of who made it. */
  readonly hasSealed: boolean
  byKid(kid: string): PlacedKey | undefined
}

export interface PlacedKey extends SigningKey {
  /** Until when JWTs of it are accepted: null while no other has taken its place. */
  readonly acceptedUntil: Date | null
}

export type SigningKeys = CurrentReading<SigningKeySet>

/** Remembers the keys that sign JWTs, unwrapped, and reads them again when any replica has changed the keyring. */
export function createSigningKeys(dependencies: {
  storage: Storage
  wrapKey: Uint8Array
  previousWrapKey: Uint8Array | null
  alg: JwtAlgorithm
  /** How long after its successor was made a key is accepted. */
  acceptedSeconds: number
}): SigningKeys {
  const { storage, wrapKey, previousWrapKey, alg, acceptedSeconds } = dependencies
  /** Each key is opened once; by its id and when it was made, since another wrapping is no other key. */
  let opened = new Map<string, SigningKey>()

  return createCurrentReading({
    storage,
    change: keyringChange,
    read: readSet,
    tooFast: 'The keyring changes too fast. Try again.',
  })

  async function readSet(): Promise<SigningKeySet> {
    const rows = (await storage.keyring.all()).filter(isForJwts).sort(byNumber)
    const next = new Map<string, SigningKey>()
    for (const row of rows) {
      const name = `${row.id} ${row.createdAt.getTime()}`
      const key = opened.get(name) ?? (await open(row))
      if (key !== null) next.set(name, key)
    }
    opened = next
    const keys = [...next.values()].map((key): PlacedKey => {
      const successor = rows[rows.findIndex(({ id }) => id === key.id) + 1]
      return { ...key, acceptedUntil: successor === undefined ? null : afterSuccessor(successor) }
    })
    const byKid = new Map(keys.map((key) => [key.kid, key]))
    return {
      keys,
      signing: keys.findLast((key) => key.alg === alg) ?? null,
      hasSealed: keys.length < rows.length,
      byKid: (kid) => byKid.get(kid),
    }
  }

  function afterSuccessor({ createdAt }: WrappedKey): Date {
    return new Date(createdAt.getTime() + acceptedSeconds * 1000)
  }

  async function open({ id, wrapped, createdAt }: WrappedKey): Promise<SigningKey | null> {
    const context = signingKeyContext(id)
    const text =
      openSealed(wrapped, wrapKey, context) ??
      (previousWrapKey === null ? null : openSealed(wrapped, previousWrapKey, context))
    return text === null ? null : toSigningKey(id, createdAt, JSON.parse(text))
  }
}

/** What the wrapping of a key is bound to: it opens in no other place of the keyring. */
export function signingKeyContext(id: string): string {
  return `keyring:${id}`
}

/** Whether JWTs that a key has signed are good now. */
export function isAccepted({ acceptedUntil }: PlacedKey, now: Date): boolean {
  return acceptedUntil === null || acceptedUntil.getTime() > now.getTime()
}

export function isForJwts({ purpose }: WrappedKey): boolean {
  return purpose === 'jwt'
}

/** Keys are numbered in the order in which they are made; clocks of replicas differ. */
export function numberOf({ id }: Pick<WrappedKey, 'id'>): number {
  return Number(id.slice(id.lastIndexOf('-') + 1))
}

function byNumber(a: WrappedKey, b: WrappedKey): number {
  return numberOf(a) - numberOf(b)
}

async function toSigningKey(id: string, createdAt: Date, jwk: JWK): Promise<SigningKey> {
  const alg = jwk.alg === 'RS256' ? 'RS256' : 'ES256'
  const kid = await calculateJwkThumbprint(jwk, 'sha256')
  const publicJwk = toPublic(jwk, kid, alg)
  // Guarantee: keys of these two types are never bytes.
  const imported = (key: JWK) => importJWK(key, alg) as Promise<CryptoKey>
  const [privateKey, publicKey] = await Promise.all([imported(jwk), imported({ ...publicJwk })])
  return { id, kid, alg, createdAt, privateKey, publicKey, publicJwk }
}

/** Member by member: what is not named here stays here. */
function toPublic({ kty = '', crv, x, y, n, e }: JWK, kid: string, alg: JwtAlgorithm): PublicJwk {
  const common = { kty, kid, alg, use: 'sig' } as const
  return kty === 'RSA' ? { ...common, ...defined({ n, e }) } : { ...common, ...defined({ crv, x, y }) }
}

function defined(members: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

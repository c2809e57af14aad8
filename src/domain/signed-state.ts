import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * The OAuth `state` (RFC 6749 §10.12): `nonce + "." + HMAC-SHA256(key, nonce)[:16]`, both base64url. The nonce holds the
 * time (6 bytes, milliseconds) and 144 random bits, so that nothing needs to be stored to expire it.
 */
export interface State {
  readonly state: string
  readonly nonce: string
}

export type StateReading =
  | { readonly outcome: 'good'; readonly nonce: string }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'invalid' }

const timeBytes = 6
const randomPartBytes = 18
const signatureBytes = 16
// base64url of 24 and of 16 bytes. Only the canonical form passes, so that no second spelling of a state exists.
const grammar = /^([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{22})$/
const clockSkewMs = 60_000

/** A new state for a sign-in that begins at `now`. */
export function newState(key: Uint8Array, now: Date): State {
  const bytes = Buffer.alloc(timeBytes + randomPartBytes)
  bytes.writeUIntBE(now.getTime(), 0, timeBytes)
  randomBytes(randomPartBytes).copy(bytes, timeBytes)
  const nonce = bytes.toString('base64url')
  return { state: `${nonce}.${sign(key, nonce).toString('base64url')}`, nonce }
}

/** Reads a state from the callback: `good` only with our signature, in constant time, and within `ttlSeconds`. */
export function readState(state: string, key: Uint8Array, now: Date, ttlSeconds: number): StateReading {
  const [, nonce, signature] = grammar.exec(state) ?? []
  if (nonce === undefined || signature === undefined) return { outcome: 'invalid' }
  const shown = Buffer.from(signature, 'base64url')
  if (shown.toString('base64url') !== signature) return { outcome: 'invalid' }
  if (!timingSafeEqual(shown, sign(key, nonce))) return { outcome: 'invalid' }
  const ageMs = now.getTime() - stateTime(nonce).getTime()
  // A replica whose clock is a little ahead may have made it; more than that was not made by us in this life.
  if (ageMs < -clockSkewMs) return { outcome: 'invalid' }
  return ageMs > ttlSeconds * 1000 ? { outcome: 'expired' } : { outcome: 'good', nonce }
}

/** The nonce that a text of the form of a state names, whether or not it is genuine; null for any other text. */
export function stateNonce(state: string): string | null {
  return grammar.exec(state)?.[1] ?? null
}

/** When the sign-in with this nonce began. */
export function stateTime(nonce: string): Date {
  return new Date(Buffer.from(nonce, 'base64url').readUIntBE(0, timeBytes))
}

/** The random part of a nonce, base64url: names the cookie of the attempt. */
export function stateRandomPart(nonce: string): string {
  return Buffer.from(nonce, 'base64url').subarray(timeBytes).toString('base64url')
}

function sign(key: Uint8Array, nonce: string): Buffer {
  return createHmac('sha256', key).update(nonce).digest().subarray(0, signatureBytes)
}

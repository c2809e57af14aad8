import { hash, randomBytes } from 'node:crypto'

const secretBytes = 32

/** A new value for a session cookie: 256 random bits, base64url. */
export function newSessionSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

/** Under which a session is stored and found; null for a text that is no value of ours. */
export function sessionSecretHash(secret: string): string | null {
  return /^[A-Za-z0-9_-]{43}$/.test(secret) ? hash('sha256', secret, 'base64url') : null
}

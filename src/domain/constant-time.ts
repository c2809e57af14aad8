import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Whether two secrets are equal, in a time that tells neither their content nor where they differ. Both are hashed
 * first, so that their lengths may differ as well.
 */
export function equalInConstantTime(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return timingSafeEqual(sha256(a), sha256(b))
}

/** SHA-256 of a text (as UTF-8) or of bytes. */
export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
// The largest multiple of 62 below 256: bytes from here up are drawn again, so every character is equally likely.
const unbiasedBelow = 248

/** `length` characters of base62 from the system's random source, without modulo bias (5.95 bits each). */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < unbiasedBelow) text += alphabet[byte % 62]
    }
  }
  return text
}

import { hash, randomBytes } from 'node:crypto'

const codeBytes = 32
const parameter = 'auth_code'

/** A new one-time code for an app that shares no cookie domain with us: 256 random bits, base64url. */
export function newAuthCode(): string {
  return randomBytes(codeBytes).toString('base64url')
}

/** Under which a code is stored and found; null for a text that is no code of ours. */
export function authCodeHash(code: string): string | null {
  return /^[A-Za-z0-9_-]{43}$/.test(code) ? hash('sha256', code, 'base64url') : null
}

/**
 * The URL with the code in its query. A code that is there already gives way, whoever put it there; everything else of
 * the URL stays as it was, to the byte.
 */
export function withAuthCode(url: URL, code: string): URL {
  const parts = url.search.slice(1).split('&')
  const others = url.search === '' ? [] : parts.filter((part) => nameOf(part) !== parameter)
  const going = new URL(url)
  going.search = [...others, `${parameter}=${code}`].join('&')
  return going
}

/** The decoded name of one pair. Behind an ampersand, or the parser would take a question mark off it. */
function nameOf(pair: string): string | undefined {
  const [name] = new URLSearchParams(`&${pair}`).keys()
  return name
}

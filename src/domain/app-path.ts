/**
 * A path as a prefix of apps: it begins with a slash, ends without one, and is written as URLs are. Null where it is no path,
 * or one that servers read in several ways.
 */
export function parsePathPrefix(text: string): string | null {
  if (text.length > prefixCharactersMax || isAmbiguousPath(text)) return null
  const path = text.replace(/(.)\/$/, '$1')
  return path.replaceAll(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return /[a-z0-9_~-]/i.test(character) ? character : code.toUpperCase()
  })
}

/** The most characters of a prefix. */
export const prefixCharactersMax = 500

/**
 * Whether the proxy, the app and we may differ about which path this is: empty and dot segments, backslashes and parameters,
 * encoded slashes, dots and controls, what is encoded twice, wrongly, or not at all though it must be.
 */
export function isAmbiguousPath(path: string): boolean {
  if (!/^\/[!-~]*$/.test(path) || /[\\;?#]/.test(path)) return true
  if (/%(?:2[ef5]|5c|3b|[01]|7f)/i.test(path)) return true
  const decoded = decodePath(path)
  if (decoded === null) return true
  return /\/\/|\/\.\.?(?:\/|$)|[\\;%\p{Cc}]/u.test(decoded.normalize('NFKC'))
}

/** Null for what is wrongly encoded, or no UTF-8. */
function decodePath(path: string): string | null {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

/** Ways in which servers read a path that is not ambiguous by itself: as it came, decoded, and decoded without regard to case. */
export const pathReadings: readonly ((path: string) => string)[] = [
  (path) => path.replaceAll(/%[0-9a-f]{2}/gi, (code) => code.toUpperCase()),
  decoded,
  readLeniently,
]

/**
 * As the most forgiving of servers reads it; some drop dots and spaces at the end of a name, as Windows does. The time grows
 * with the length alone: each run of dots is tried once.
 */
export function readLeniently(path: string): string {
  return decoded(path)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/(?<![. ])[. ]+(?=\/|$)/g, '')
}

function decoded(path: string): string {
  return decodePath(path) ?? path
}

/** Whether a path is at or below a prefix, segment by segment. Both in the same reading. */
export function isBelow(path: string, prefix: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`)
}

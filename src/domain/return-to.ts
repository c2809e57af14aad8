/** Where a browser may be sent back to: one origin, or every host below a domain at one scheme and port. */
export interface ReturnOrigin {
  readonly protocol: 'https:' | 'http:'
  /** A host name in lower-case ASCII; of a wildcard what follows `*.`. */
  readonly hostname: string
  /** Empty for the port of the scheme, as in `URL`. */
  readonly port: string
  readonly isWildcard: boolean
}

const bytesMax = 2500
/** Printable ASCII without the backslash, which browsers read as a slash, and without what no URL may hold. */
const cleanText = /^[!#-;=?-[\]_a-z~]*$/

/**
 * The URL to send a browser back to, or null where it may not go there. It is parsed once, here, and what was parsed is what
 * is sent: no text of a stranger is ever put into a `Location` as it came. Allowed are paths on our own origin, but not
 * those of signing in and out, which would go round, and URLs at `origins`.
 */
export function parseReturnTo(text: string, ownOrigin: string, origins: readonly ReturnOrigin[]): URL | null {
  const lengthOf = (written: string) =>
    written.startsWith(`${ownOrigin}/`) ? written.length - ownOrigin.length : written.length
  if (lengthOf(text) > bytesMax || !cleanText.test(text)) return null
  // A path begins with one slash. Two begin a host; letters and a colon begin a scheme, and must begin one of ours.
  if (!/^\/(?!\/)/.test(text) && !/^https?:\/\/[^/]/i.test(text)) return null
  if (!URL.canParse(text, ownOrigin)) return null
  const url = new URL(text, ownOrigin)
  // The parser writes some characters as three.
  if (lengthOf(url.href) > bytesMax) return null
  if (url.username !== '' || url.password !== '') return null
  if (url.origin === ownOrigin) return isOwnAuthPath(url.pathname) ? null : url
  return origins.some((origin) => covers(origin, url)) ? url : null
}

/**
 * Reads `https://app.example.com` or `https://*.apps.example.com`, or answers null. `isPublicSuffix` says of a host whether
 * strangers can have names below it.
 */
export function parseReturnOrigin(
  text: string,
  isPublicSuffix: (hostname: string) => boolean,
): ReturnOrigin | null {
  const [, scheme, wildcard, rest = ''] =
    /^(https?):\/\/(\*\.)?([a-z0-9.-]+(?::[0-9]{1,5})?)$/i.exec(text) ?? []
  if (scheme === undefined || !URL.canParse(`${scheme}://${rest}`)) return null
  const { protocol, hostname, port } = new URL(`${scheme}://${rest}`)
  const isWildcard = wildcard !== undefined
  const isLoopback = hostname === 'localhost' || hostname === '127.0.0.1'
  if (protocol === 'http:' && !isLoopback) return null
  if (hostname.endsWith('.') || (isWildcard && (isPublicSuffix(hostname) || /^[0-9.]+$/.test(hostname))))
    return null
  return { protocol: protocol === 'http:' ? 'http:' : 'https:', hostname, port, isWildcard }
}

function covers(origin: ReturnOrigin, url: URL): boolean {
  if (url.protocol !== origin.protocol || url.port !== origin.port) return false
  return origin.isWildcard
    ? url.hostname.endsWith(`.${origin.hostname}`) && url.hostname.length > origin.hostname.length + 1
    : url.hostname === origin.hostname
}

/** However it is written: a path that a router or a proxy may read as one of `/auth/`. */
function isOwnAuthPath(pathname: string): boolean {
  let path = pathname
  // Proxies decode once, and some twice; byte for byte, so that nothing else in the path stops it.
  for (let round = 0; round < 3; round += 1) {
    path = path.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (firstSegment(path) === 'auth') return true
  }
  return false
}

/** The first part of a path once dots, doubled slashes, backslashes and parameters are gone. */
function firstSegment(path: string): string | undefined {
  const segments: string[] = []
  for (const part of path.split(/[/\\]+/)) {
    const name = part.split(/[;?#]/, 1)[0] ?? ''
    if (name === '..') segments.pop()
    else if (name !== '' && name !== '.') segments.push(name.toLowerCase())
  }
  return segments[0]
}

import type { normalHost } from './app-host.ts'

/** The proxies that ask us, each in headers of its own. */
export const proxies = ['nginx', 'caddy', 'traefik', 'envoy'] as const
export type ProxyName = (typeof proxies)[number]

/** What a client asked of an app, as the proxy before the app tells it. */
export interface ForwardedRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** As `normalHost` writes it. */
  readonly host: string
  /** Scheme and host: the audience of the app's JWTs. */
  readonly origin: string
  /** Path and query, as they came. */
  readonly target: string
  readonly path: string
  /** With its question mark, or empty. */
  readonly query: string
}

/** What a proxy sent to us. */
export interface SentByProxy {
  readonly method: string
  /** What follows `/auth/verify/<proxy>` in the request target, raw. */
  readonly rest: string
  /** The values of a header, one for each line, by its name in lower case. */
  readonly lines: { of(name: string): readonly string[] }
  /** `normalHost`, or what remembers its answers. */
  readonly normalHost: typeof normalHost
}

export type ForwardedReading =
  | { readonly request: ForwardedRequest; readonly demands: string }
  /** What is wrong, for whoever writes the configuration of the proxy. */
  | { readonly problem: string }

const token = /^[\w!#$%&'*+.^`|~-]{1,64}$/
/** Printable, and bytes past ASCII, which browsers do not send but others do. A fragment is not sent at all. */
const originForm = /^\/[!"$-~\u0080-\u00ff]*$/

/**
 * Reads what was asked of the app, and the parameters that are meant for us (`demands`, with their question mark, or empty).
 * It guesses at nothing: what is missing, doubled or malformed is a problem, and a problem is a denial.
 */
export function readForwardedRequest(proxy: ProxyName, sent: SentByProxy): ForwardedReading {
  const problems: string[] = []
  const once = (name: string): string => {
    const [value, ...others] = sent.lines.of(name)
    if (value !== undefined && value !== '' && others.length === 0) return value
    problems.push(`${name} has to be sent exactly once`)
    return ''
  }
  const told = tellers[proxy](sent, once)
  const { method, scheme, target } = told
  if (problems.length === 0) {
    if (!token.test(method)) problems.push('the method is no HTTP method')
    if (scheme !== 'http' && scheme !== 'https') problems.push('the scheme is neither http nor https')
    if (!originForm.test(target)) problems.push('the target is no path')
  }
  const isSecure = scheme === 'https'
  const host = problems.length === 0 ? sent.normalHost(told.host, isSecure ? 'https' : 'http') : null
  if (host === null) {
    const [what = 'the host is no host name'] = problems
    return { problem: `The proxy (${proxy}) did not say what was asked of it: ${what}.` }
  }
  const [path = ''] = target.split('?', 1)
  return {
    request: {
      method,
      scheme: isSecure ? 'https' : 'http',
      host,
      origin: `${isSecure ? 'https' : 'http'}://${host}`,
      target,
      path,
      query: target.slice(path.length),
    },
    demands: told.demands,
  }
}

interface Told {
  readonly method: string
  readonly scheme: string
  readonly host: string
  readonly target: string
  readonly demands: string
}
type Teller = (sent: SentByProxy, once: (name: string) => string) => Told

const forwarded: Teller = ({ rest }, once) => ({
  method: once('x-forwarded-method'),
  scheme: once('x-forwarded-proto'),
  host: once('x-forwarded-host'),
  target: once('x-forwarded-uri'),
  demands: rest,
})

const tellers: Readonly<Record<ProxyName, Teller>> = {
  caddy: forwarded,

  traefik(sent, once) {
    const told = forwarded(sent, once)
    // With trustForwardHeader it says of a WebSocket which scheme that has.
    const webSocket: Record<string, string> = { ws: 'http', wss: 'https' }
    return { ...told, scheme: webSocket[told.scheme] ?? told.scheme }
  },

  nginx({ rest }, once) {
    const url = once('x-original-url')
    const end = url.indexOf('://')
    const from = url.indexOf('/', end + 3)
    return {
      method: once('x-original-method'),
      scheme: end === -1 ? '' : url.slice(0, end),
      host: from === -1 ? '' : url.slice(end + 3, from),
      target: from === -1 ? '' : url.slice(from),
      demands: rest,
    }
  },

  envoy({ method, rest }, once) {
    const { target, demands } = splitTarget(rest)
    return { method, scheme: once('x-forwarded-proto'), host: once('host'), target, demands }
  },
}

/**
 * Envoy puts the path of the app behind ours. With demands ours ends in `target=`, and whatever follows the first of those is
 * the app's, however often the word comes again.
 */
function splitTarget(rest: string): { target: string; demands: string } {
  if (rest.startsWith('/')) return { target: rest, demands: '' }
  const [before = ''] = /^\?(?:.*?&)?target=/s.exec(rest) ?? []
  return {
    target: before === '' ? '' : rest.slice(before.length),
    demands: before.slice(0, -'?target='.length),
  }
}

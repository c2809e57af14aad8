import { LRUCache } from 'lru-cache'
import { normalHost } from '../domain/app-host.ts'
import { type IdentityHeaders, identityHeaders, type ProvenIdentity } from '../domain/identity-headers.ts'

/* What proxies ask again and again, and what would cost more to work out each time than all the rest of the answer. */

const hostsMax = 1000
const hostCharactersMax = 260

/** `normalHost`, which remembers the last hosts. */
export function createRememberedHost(): typeof normalHost {
  const known = { http: hosts(), https: hosts(), any: hosts() }

  return function rememberedHost(text, scheme = null) {
    const hosts = known[scheme ?? 'any']
    const before = hosts.get(text)
    if (before !== undefined) return before
    const host = normalHost(text, scheme)
    if (host !== null && text.length <= hostCharactersMax) hosts.set(text, host)
    return host
  }
}

function hosts(): LRUCache<string, string> {
  return new LRUCache({ max: hostsMax })
}

/** The headers of a pass but for the JWT: those of every answer, and those of the identity, for as long as it is the same. */
export function createHeadersOf(always: Readonly<Record<string, string>>, family: IdentityHeaders) {
  const known = new WeakMap<ProvenIdentity, Readonly<Record<string, string>>>()

  return function headersOf(identity: ProvenIdentity): Readonly<Record<string, string>> {
    const before = known.get(identity)
    if (before !== undefined) return before
    const headers = { ...always, ...identityHeaders(identity, family) }
    known.set(identity, headers)
    return headers
  }
}

import { LRUCache } from 'lru-cache'
import { normalHost } from '../domain/app-host.ts'

const hostsMax = 1000
const hostCharactersMax = 260

/** `normalHost`, which remembers the last hosts: proxies ask about the same few, and reading one costs more than a key. */
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

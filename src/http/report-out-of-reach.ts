import type { Logger } from 'pino'
import { hostName } from '../domain/app-host.ts'

const hostsMax = 1000

/**
 * Logs each host once at which no browser can show a session of ours: the sign-in leads there and back for ever. Without
 * COOKIE_DOMAIN only Keydesk's own host sees the cookie, and with it the hosts of that domain.
 */
export function createReportOutOfReach(options: {
  readonly baseUrl: string
  readonly cookieDomain: string | undefined
  readonly log: Logger
}): (host: string) => void {
  const { cookieDomain, log } = options
  const ownName = new URL(options.baseUrl).hostname
  const reported = new Set<string>()

  return function reportOutOfReach(host) {
    const name = hostName(host)
    if (isReached(name) || reported.has(name) || reported.size >= hostsMax) return
    reported.add(name)
    log.warn(
      { host: name },
      'a browser was sent to the sign-in from a host that no session cookie reaches: set COOKIE_DOMAIN to a domain of both',
    )
  }

  function isReached(name: string): boolean {
    if (name === ownName) return true
    return cookieDomain !== undefined && (name === cookieDomain || name.endsWith(`.${cookieDomain}`))
  }
}

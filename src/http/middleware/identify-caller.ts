import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import type { Callers } from '../callers.ts'
import type { AppEnvironment } from '../environment.ts'

/**
 * Says who is calling, and refuses what cannot be told apart from something else: an X-Forwarded-For that is no list of
 * addresses, and a path in any but its one spelling.
 */
export function identifyCaller(callers: Callers): MiddlewareHandler<AppEnvironment> {
  return async function identifyCallerMiddleware(c, next) {
    const { incoming } = c.env
    const caller = callers(incoming?.socket.remoteAddress, c.req.header('x-forwarded-for'))
    c.set('caller', caller)
    c.set('origin', { ...c.get('origin'), address: caller.address })
    requireCanonicalPath(incoming?.url, c.req.path)
    await next()
  }
}

/**
 * The parser of URLs takes `/./`, `/../` and their encoded forms out of a path. Whoever limits a path in front of us sees
 * the path as it was sent, so only one spelling is answered.
 * @throws KeydeskError `not_found`
 */
function requireCanonicalPath(sent: string | undefined, path: string): void {
  if (sent === undefined) return
  // Absolute form (RFC 9112 §3.2.2), a proxy's: what follows the authority.
  const target = sent.startsWith('/') ? sent : sent.replace(/^https?:\/\/[^/?#]*/i, '')
  if (target === path || (target.startsWith(path) && target[path.length] === '?')) return
  throw new KeydeskError('not_found', { message: 'There is nothing at this address.' })
}

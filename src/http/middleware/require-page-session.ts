import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import { loginSearch } from '../../domain/login-search.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import { type ReadSession, requireSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import { queryOf } from '../request-reading.ts'

const queryLengthMax = 1000

/**
 * For pages that a session opens: whoever is not signed in is sent to sign in, and comes back to the page. Leaves who it
 * is for the handlers behind it.
 * @throws KeydeskError `unauthenticated`, `user_disabled`, `owner_not_allowed`; `forbidden` for whoever is no admin
 */
export function requirePageSession(options: {
  readSession: ReadSession
  canSignIn: boolean
  isForAdmins: boolean
  recordRefusal: RecordRefusal
}): MiddlewareHandler<AppEnvironment> {
  const { readSession, canSignIn, isForAdmins, recordRefusal } = options

  return async function requirePageSessionMiddleware(c, next) {
    const reading = await readSession(c)
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (reading.outcome === 'none' && canSignIn && isRead) {
      // A longer one would be refused there; the page itself is found without.
      const query = queryOf(c)
      const way = `${c.req.path}${query.length > queryLengthMax ? '' : query}`
      return c.redirect(`/auth/login${loginSearch(way, false)}`, 303)
    }
    const current = requireSession(reading)
    const { user } = current
    if (isForAdmins && user.role !== 'admin') {
      await recordRefusal('admin.refused', 'not_an_admin', c.get('origin'), `user:${user.id}`)
      throw new KeydeskError('forbidden', { message: 'The console is for administrators.' })
    }
    c.set('session', current)
    c.set('actor', `user:${user.id}`)
    const role = user.role === 'admin' ? 'admin' : 'member'
    c.set('grantor', { actor: `user:${user.id}`, role, ownScopes: null, sessionId: current.session.id })
    c.set('callerId', user.id)
    await next()
  }
}

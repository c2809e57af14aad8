import type { Context, MiddlewareHandler } from 'hono'
import { equalInConstantTime } from '../../domain/constant-time.ts'
import { KeydeskError } from '../../domain/errors.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import { bearerToken } from '../bearer-token.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import { type ReadSession, requireSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireSameOrigin } from './refuse-cross-site.ts'

/**
 * Lets pass who shows the master key as a bearer token, and a browser whose user is an admin right now; writes down and
 * counts who does not. A header that was sent and is wrong is a refusal, whatever cookie comes with it.
 */
export function requireAdmin(options: {
  masterKey: string
  baseUrl: string
  readSession: ReadSession
  recordRefusal: RecordRefusal
  countFailure: CountFailure | null
}): MiddlewareHandler<AppEnvironment> {
  const { masterKey, baseUrl, readSession, recordRefusal, countFailure } = options

  return async function requireAdminMiddleware(c, next) {
    const [authorization, apiKey] = [c.req.header('authorization'), c.req.header('x-api-key')]
    if (authorization === undefined && apiKey === undefined) await requireAdminSession(c)
    // A key is none of the two doors, and beside the master key it is one credential too many.
    else await requireMasterKey(c, apiKey === undefined ? bearerToken(authorization) : undefined)
    await next()
  }

  async function requireMasterKey(c: Context<AppEnvironment>, token: string | undefined): Promise<void> {
    if (token !== undefined && equalInConstantTime(token, masterKey)) {
      c.set('actor', 'master_key')
      return
    }
    await recordRefusal('admin.refused', 'wrong_credential', c.get('origin'))
    await refuseTooManyFailures(c, countFailure, c.get('caller').bucket)
    throw new KeydeskError('unauthenticated', { message: wanted, reason: 'wrong_credential' })
  }

  async function requireAdminSession(c: Context<AppEnvironment>): Promise<void> {
    const reading = await readSession(c)
    if (reading.outcome === 'none') {
      await recordRefusal('admin.refused', 'no_credential', c.get('origin'))
      throw new KeydeskError('unauthenticated', { message: wanted, reason: 'no_credential' })
    }
    if (reading.outcome !== 'valid') await recordRefusal('admin.refused', reading.outcome, c.get('origin'))
    const { user } = requireSession(reading)
    if (user.role !== 'admin') {
      await recordRefusal('admin.refused', 'not_an_admin', c.get('origin'), `user:${user.id}`)
      throw new KeydeskError('forbidden', { message: 'This is for admins.', reason: 'not_an_admin' })
    }
    requireSameOrigin(c, baseUrl)
    c.set('actor', `user:${user.id}`)
  }
}

const wanted =
  'The admin API wants the header Authorization: Bearer <PROXY_MASTER_KEY>, or the session of an admin.'

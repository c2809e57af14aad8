import type { MiddlewareHandler } from 'hono'
import { equalInConstantTime } from '../../domain/constant-time.ts'
import { KeydeskError } from '../../domain/errors.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import type { AppEnvironment } from '../environment.ts'

/** Lets pass who shows the master key as a bearer token (RFC 6750 §2.1); writes down who does not. */
export function requireAdmin(options: {
  masterKey: string
  recordRefusal: RecordRefusal
}): MiddlewareHandler<AppEnvironment> {
  return async function requireAdminMiddleware(c, next) {
    const authorization = c.req.header('authorization')
    const token = /^bearer +([!-~]+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined || !equalInConstantTime(token, options.masterKey)) {
      const reason = authorization === undefined ? 'no_credential' : 'wrong_credential'
      await options.recordRefusal('admin.refused', reason, c.get('origin'))
      throw new KeydeskError('unauthenticated', {
        message: 'The admin API wants the header Authorization: Bearer <PROXY_MASTER_KEY>.',
        reason,
      })
    }
    await next()
  }
}

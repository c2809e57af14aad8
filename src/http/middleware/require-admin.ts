import type { MiddlewareHandler } from 'hono'
import { equalInConstantTime } from '../../domain/constant-time.ts'
import { KeydeskError } from '../../domain/errors.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import { bearerToken } from '../bearer-token.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import type { AppEnvironment } from '../environment.ts'

/** Lets pass who shows the master key as a bearer token; writes down and counts who does not. */
export function requireAdmin(options: {
  masterKey: string
  recordRefusal: RecordRefusal
  countFailure: CountFailure | null
}): MiddlewareHandler<AppEnvironment> {
  const { masterKey, recordRefusal, countFailure } = options

  return async function requireAdminMiddleware(c, next) {
    const authorization = c.req.header('authorization')
    const token = bearerToken(authorization)
    if (token === undefined || !equalInConstantTime(token, masterKey)) {
      const reason = authorization === undefined ? 'no_credential' : 'wrong_credential'
      await recordRefusal('admin.refused', reason, c.get('origin'))
      if (authorization !== undefined) await refuseTooManyFailures(c, countFailure, c.get('caller').bucket)
      throw new KeydeskError('unauthenticated', {
        message: 'The admin API wants the header Authorization: Bearer <PROXY_MASTER_KEY>.',
        reason,
      })
    }
    await next()
  }
}

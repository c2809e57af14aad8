import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import type { AppEnvironment } from '../environment.ts'

/**
 * For pages that a session alone opens: whatever shows a key or a bearer token is no person at a browser, whatever cookie
 * comes with it. So no key can be made by a key.
 * @throws KeydeskError `unauthenticated`
 */
export function refuseCredentials(): MiddlewareHandler<AppEnvironment> {
  return async function refuseCredentialsMiddleware(c, next) {
    if (c.req.header('authorization') !== undefined || c.req.header('x-api-key') !== undefined) {
      throw new KeydeskError('unauthenticated', {
        message:
          'These pages are for people who are signed in. They take no key and no Authorization header.',
      })
    }
    await next()
  }
}

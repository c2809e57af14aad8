import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import type { AppEnvironment } from '../environment.ts'

/** Wants a JSON body: 415 for any other media type, before the body is read. */
export const requireJson: MiddlewareHandler<AppEnvironment> = async (c, next) => {
  requireJsonType(c.req.header('content-type'))
  await next()
}

/** The same for one request. @throws KeydeskError `unsupported_media_type` */
export function requireJsonType(contentType: string | undefined): void {
  if (contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json') return
  throw new KeydeskError('unsupported_media_type', {
    message: 'Send a JSON body, with the header Content-Type: application/json.',
  })
}

import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import type { AppEnvironment } from '../environment.ts'

/** Wants a JSON body: 415 for any other media type, before the body is read. */
export const requireJson: MiddlewareHandler<AppEnvironment> = async (c, next) => {
  const mediaType = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    throw new KeydeskError('unsupported_media_type', {
      message: 'Send a JSON body, with the header Content-Type: application/json.',
    })
  }
  await next()
}

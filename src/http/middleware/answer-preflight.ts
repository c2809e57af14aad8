import type { MiddlewareHandler } from 'hono'
import { type CrossOrigin, preflightHeaders } from '../cross-origin.ts'
import type { AppEnvironment } from '../environment.ts'

/** Answers a browser that asks whether a page of another origin may call (Fetch §4.8). Whoever may not gets the 405 of OPTIONS. */
export function answerPreflight(crossOrigin: CrossOrigin): MiddlewareHandler<AppEnvironment> {
  return async function answerPreflightMiddleware(c, next) {
    const isPreflight =
      c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined
    if (isPreflight && crossOrigin.allows(c.req.header('origin'), c.req.path))
      return c.body(null, 204, preflightHeaders)
    await next()
  }
}

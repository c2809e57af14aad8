import type { MiddlewareHandler } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import { type RateLimit, rateLimitHeaders } from '../../domain/rate-limit.ts'
import type { LimitRate } from '../../services/limit-rate.ts'
import type { AppEnvironment } from '../environment.ts'

/** Counts requests by the caller's address. An IPv6 address counts by its /64. */
export function limitByAddress(
  name: string,
  policy: RateLimit | null,
  limitRate: LimitRate,
): MiddlewareHandler<AppEnvironment> {
  return async function limitByAddressMiddleware(c, next) {
    if (policy !== null) {
      const state = await limitRate(`${name} ${c.get('caller').bucket}`, policy)
      for (const [header, value] of Object.entries(rateLimitHeaders(name, state))) c.header(header, value)
      if (!state.allowed) {
        throw new KeydeskError('rate_limited', {
          message: `Too many requests came from your address. Try again in ${state.resetSeconds} seconds.`,
        })
      }
    }
    await next()
  }
}

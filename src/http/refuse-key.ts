import type { Context } from 'hono'
import { type ErrorCode, errorCodes, KeydeskError } from '../domain/errors.ts'
import { addressBucket, type RateLimit, type RateState, rateLimitHeaders } from '../domain/rate-limit.ts'
import type { LimitRate } from '../services/limit-rate.ts'
import type { Verification } from '../services/verify-key.ts'
import type { AppEnvironment } from './environment.ts'
import { challengeOf, problemDocument, wantsPage } from './problem.ts'

interface Refusal {
  readonly code: ErrorCode
  readonly detail: string
  readonly headers: Readonly<Record<string, string>>
}
type Refused = Exclude<Verification, { outcome: 'valid' }>

const details: Record<Refused['outcome'], string> = {
  invalid_key: 'This is not a key of ours. Check that the whole key was copied.',
  revoked_key: 'This key was revoked. Sign in for a new one.',
  user_disabled: 'The owner of this key is disabled. Ask an administrator.',
  expired_key: 'This key has expired. Sign in for a new one.',
  insufficient_scope: 'This key does not carry every scope that was asked for.',
  rate_limited: 'This key was used more often than its limit allows. Wait as long as Retry-After says.',
}
const tooManyFailures =
  'Too many failing credentials came from your address. Wait as long as Retry-After says.'

export type RefuseKey = ReturnType<typeof createRefuseKey>

/**
 * Answers for a key that was refused. Failing credentials are counted by address, and past the limit a failing answer
 * becomes 429; a good key is never counted here, so junk sent through one service cannot lock that service out.
 */
export function createRefuseKey(dependencies: {
  limitRate: LimitRate
  failureLimit: RateLimit | null
  responseHeaders: Readonly<Record<string, string>>
}) {
  const { limitRate, failureLimit } = dependencies
  const problemJson = { ...dependencies.responseHeaders, 'Content-Type': 'application/problem+json' }

  return function refuseKey(
    c: Context<AppEnvironment>,
    refused: { verification: Refused; address: string | null; accept: string | undefined; requestId: string },
  ): Response | Promise<Response> {
    const deciding = decide(refused.verification, refused.address)
    return deciding instanceof Promise
      ? deciding.then((refusal) => answer(c, refused, refusal))
      : answer(c, refused, deciding)
  }

  function answer(
    c: Context<AppEnvironment>,
    { accept, requestId }: { accept: string | undefined; requestId: string },
    { code, detail, headers }: Refusal,
  ): Response {
    const { status } = errorCodes[code]
    if (wantsPage(accept)) {
      for (const [name, value] of Object.entries(headers)) c.header(name, value)
      throw new KeydeskError(code, { message: detail })
    }
    const body = JSON.stringify(problemDocument(code, detail, requestId))
    return new Response(body, { status, headers: { ...problemJson, ...headers, 'X-Request-Id': requestId } })
  }

  function decide(verification: Refused, address: string | null): Refusal | Promise<Refusal> {
    const { outcome } = verification
    if (outcome === 'rate_limited') return refusal(outcome, details[outcome], 'key', verification.rate)
    // A missing scope is no failing credential: the key is good.
    if (failureLimit === null || outcome === 'insufficient_scope') return refusal(outcome, details[outcome])
    return limitRate(`failures ${addressBucket(address)}`, failureLimit).then((state) =>
      state.allowed
        ? refusal(outcome, details[outcome])
        : refusal('rate_limited', tooManyFailures, 'failures', state),
    )
  }

  function refusal(code: ErrorCode, detail: string, policyName?: string, rate?: RateState): Refusal {
    const challenge = challengeOf(code)
    const headers = {
      ...(challenge === null ? {} : { 'WWW-Authenticate': challenge }),
      ...(policyName === undefined || rate === undefined ? {} : rateLimitHeaders(policyName, rate)),
    }
    return { code, detail, headers }
  }
}

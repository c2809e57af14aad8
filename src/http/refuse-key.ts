import type { Context } from 'hono'
import { type ErrorCode, errorCodes, KeydeskError } from '../domain/errors.ts'
import { rateLimitHeaders } from '../domain/rate-limit.ts'
import type { Verification } from '../services/verify-key.ts'
import { type CountFailure, tooManyFailures } from './count-failure.ts'
import type { AppEnvironment } from './environment.ts'
import { challengeOf, problemDocument, wantsPage } from './problem.ts'

type Refused = Exclude<Verification, { outcome: 'valid' }>

/** A refusal that is ready but for the request id. */
interface Refusal {
  readonly code: ErrorCode
  readonly detail: string
  readonly headers: Readonly<Record<string, string>>
  /** The body up to the request id, which is its last member. */
  readonly bodyStart: string
}

const details = {
  invalid_key: 'This is not a key of ours. Check that the whole key was copied.',
  revoked_key: 'This key was revoked. Sign in for a new one.',
  user_disabled: 'The owner of this key is disabled. Ask an administrator.',
  owner_not_allowed:
    'The owner of this key is not on the list of who may come in any more. Ask an administrator.',
  expired_key: 'This key has expired. Sign in for a new one.',
  insufficient_scope: 'This key does not carry every scope that was asked for.',
  not_allowed: 'This key may not be used from your address.',
  forbidden: 'The owner of this key is not in every group that was asked for.',
  rate_limited: 'This key was used more often than its limit allows. Wait as long as Retry-After says.',
}

/** What somebody is told whose key was refused. `baseUrl` is where the owner of a key signs in. */
export function refusalDetail(outcome: Refused['outcome'], baseUrl: string): string {
  return outcome === 'lease_expired'
    ? `The owner of this key has not signed in for too long. Once they do, at ${baseUrl}/auth/login?return_to=/, it works again.`
    : details[outcome]
}

export type RefuseKey = ReturnType<typeof createRefuseKey>

/** Answers for a key that was refused; past the limit of failures of the address, with 429. */
export function createRefuseKey(dependencies: {
  countFailure: CountFailure | null
  responseHeaders: Readonly<Record<string, string>>
  /** Where the owner of a key signs in. */
  baseUrl: string
}) {
  const { countFailure, responseHeaders, baseUrl } = dependencies
  const byOutcome: Record<Refused['outcome'], Refusal> = {
    invalid_key: prepare('invalid_key', details.invalid_key),
    revoked_key: prepare('revoked_key', details.revoked_key),
    user_disabled: prepare('user_disabled', details.user_disabled),
    owner_not_allowed: prepare('owner_not_allowed', details.owner_not_allowed),
    lease_expired: prepare('lease_expired', refusalDetail('lease_expired', baseUrl)),
    expired_key: prepare('expired_key', details.expired_key),
    insufficient_scope: prepare('insufficient_scope', details.insufficient_scope),
    not_allowed: prepare('not_allowed', details.not_allowed),
    forbidden: prepare('forbidden', details.forbidden),
    rate_limited: prepare('rate_limited', details.rate_limited),
  }
  const failing = prepare('rate_limited', tooManyFailures)

  return function refuseKey(
    c: Context<AppEnvironment>,
    refused: { verification: Refused; bucket: string; accept: string | undefined; requestId: string },
  ): Response | Promise<Response> {
    const { verification, bucket, accept, requestId } = refused
    const { outcome } = verification
    const refusal = byOutcome[outcome]
    if (verification.outcome === 'rate_limited') {
      const warning = warningHeaders(null, verification.record.key)
      return answer(c, refusal, accept, requestId, {
        ...rateLimitHeaders('key', verification.rate),
        ...warning,
      })
    }
    const lease =
      'leaseUntil' in verification
        ? warningHeaders(verification.leaseUntil, verification.record.key)
        : undefined
    // A missing scope or group is no failing credential: the key is good.
    if (countFailure === null || outcome === 'insufficient_scope' || outcome === 'forbidden')
      return answer(c, refusal, accept, requestId, lease)
    return countFailure(bucket).then((state) =>
      state === null
        ? answer(c, refusal, accept, requestId, lease)
        : answer(c, failing, accept, requestId, rateLimitHeaders('failures', state)),
    )
  }

  function answer(
    c: Context<AppEnvironment>,
    { code, detail, headers, bodyStart }: Refusal,
    accept: string | undefined,
    requestId: string,
    more?: Readonly<Record<string, string>>,
  ): Response {
    if (wantsPage(accept)) {
      for (const [name, value] of Object.entries(more ?? {})) c.header(name, value)
      throw new KeydeskError(code, { message: detail })
    }
    return new Response(`${bodyStart}${requestId}"}`, {
      status: errorCodes[code].status,
      headers: { ...headers, ...more, 'X-Request-Id': requestId },
    })
  }

  function prepare(code: ErrorCode, detail: string): Refusal {
    const challenge = challengeOf(code)
    const headers = {
      ...responseHeaders,
      'Content-Type': 'application/problem+json',
      ...(challenge === null ? {} : { 'WWW-Authenticate': challenge }),
    }
    const empty = JSON.stringify(problemDocument(code, detail, ''))
    return { code, detail, headers, bodyStart: empty.slice(0, -'"}'.length) }
  }
}

/** What scripts can warn by: until when the key works without another sign-in of its owner, and when it retires. */
export function warningHeaders(
  leaseUntil: Date | null,
  { retiresAt }: { readonly retiresAt: Date | null },
): Readonly<Record<string, string>> | undefined {
  if (leaseUntil === null && retiresAt === null) return undefined
  return {
    ...(leaseUntil === null ? {} : { 'X-Key-Lease-Until': leaseUntil.toISOString() }),
    ...(retiresAt === null ? {} : { 'X-Key-Retires-At': retiresAt.toISOString() }),
  }
}

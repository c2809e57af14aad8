import { createRoute } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import type { Logger } from 'pino'
import { KeydeskError } from '../../domain/errors.ts'
import { rateLimitHeaders } from '../../domain/rate-limit.ts'
import type { Metrics } from '../../services/metrics.ts'
import type { Verification, VerifyKey } from '../../services/verify-key.ts'
import type { Callers } from '../callers.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import type { CrossOrigin } from '../cross-origin.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireOwnSite } from '../middleware/refuse-cross-site.ts'
import { requireHttps } from '../middleware/refuse-plain-http.ts'
import { presentedKey } from '../presented-key.ts'
import type { AnswerProblem } from '../problem.ts'
import { createRefusalLog } from '../refusal-log.ts'
import { type RefuseKey, warningHeaders } from '../refuse-key.ts'
import { queryOf, readVerificationHeaders } from '../request-reading.ts'
import { demands, nothing, readDemands, requireNoBody } from '../validate-request.ts'
import { jsonAnswer, keyRefusals, problemAnswers } from '../wire/answers.ts'
import { keySecurity } from '../wire/security.ts'
import { validationText, wireValidation } from '../wire/validation.ts'

export const validatePath = '/v1/validate'
const noHeaders = {}
const validation = {
  path: validatePath,
  security: keySecurity,
  request: { query: demands },
  responses: {
    200: jsonAnswer(
      wireValidation,
      'The key is good for every scope that was asked, and its owner is in every group.',
    ),
    ...problemAnswers('missing_key', 'insufficient_scope', ...keyRefusals, 'forbidden'),
  },
}
/** What the OpenAPI document says of it. */
export const validateRoutes = [
  createRoute({ ...validation, method: 'get', summary: 'Whether a key is good' }),
  createRoute({
    ...validation,
    method: 'post',
    summary: 'Whether a key is good, asked by POST',
    description: 'The same question and the same answer. It takes no body.',
    responses: { ...problemAnswers('too_large', 'unsupported_media_type'), ...validation.responses },
  }),
]

export interface ValidateDependencies {
  readonly verifyKey: VerifyKey
  readonly callers: Callers
  readonly nextRequestId: () => string
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly refuseKey: RefuseKey
  readonly countFailure: CountFailure | null
  readonly answerProblem: AnswerProblem
  readonly baseUrl: string
  /** Null where no page of another origin may ask. */
  readonly crossOrigin: CrossOrigin | null
  readonly metrics: Metrics
  readonly log: Logger
  readonly now: () => Date
}

/** What is known of a request before it is verified; the caller once it has been read. */
interface Asked {
  readonly requestId: string
  readonly begunAt: number
  caller: { address: string | null; bucket: string } | null
  /** Of a key whose secret was proven. */
  keyId: string | undefined
}

/**
 * The route that services call all day. It has an application of its own, without middleware, does the work of the
 * middleware in one pass, and gives way only to look whether anything has changed: with the middleware in front, most
 * of an answer's time would be theirs.
 */
export function createValidateApp(dependencies: ValidateDependencies): Hono<AppEnvironment> {
  const {
    verifyKey,
    callers,
    nextRequestId,
    responseHeaders,
    refuseKey,
    countFailure,
    answerProblem,
    baseUrl,
    crossOrigin,
    metrics,
    log,
  } = dependencies
  const json = { ...responseHeaders, 'Content-Type': 'application/json' }
  const countRefusal = createRefusalLog(dependencies.now)
  const app = new Hono<AppEnvironment>()

  app.on(['GET', 'POST'], validatePath, (c) => {
    const asked: Asked = {
      requestId: nextRequestId(),
      begunAt: performance.now(),
      caller: null,
      keyId: undefined,
    }
    const failed = (error: unknown) => finish(answerError(error, c, asked.requestId), c, asked)
    try {
      const answering = c.req.method === 'POST' ? answerPost(c, asked) : answer(c, asked)
      // What is answered at once, as forged keys are, is spared the cost of a promise.
      return answering instanceof Promise
        ? answering.then((response) => finish(response, c, asked)).catch(failed)
        : finish(answering, c, asked)
    } catch (error) {
      return failed(error)
    }
  })
  return app

  function answer(c: Context<AppEnvironment>, asked: Asked): Response | Promise<Response> {
    const headers = readVerificationHeaders(c)
    const { address, bucket, viaTrustedProxy } = callers(
      c.env.incoming?.socket.remoteAddress,
      headers['x-forwarded-for'],
    )
    asked.caller = { address, bucket }
    requireHttps(baseUrl, viaTrustedProxy, headers['x-forwarded-proto'])
    const search = queryOf(c)
    const keyText = presentedKey(headers, search)
    if (keyText instanceof KeydeskError) return refuseCredential(keyText, c, bucket)
    const { scope: scopes, group: groups } = search === '' ? nothing : readDemands(search)
    const userAgent = headers['user-agent']
    const verifying = verifyKey({ keyText, scopes, groups, address, userAgent })
    const answerWith = (verification: Verification) =>
      answerVerification(c, asked, verification, headers.accept)
    return verifying instanceof Promise ? verifying.then(answerWith) : answerWith(verifying)
  }

  function answerVerification(
    c: Context<AppEnvironment>,
    asked: Asked,
    verification: Verification,
    accept: string | undefined,
  ): Response | Promise<Response> {
    const { requestId, caller } = asked
    if (verification.outcome !== 'invalid_key') asked.keyId = verification.record.key.id
    if (verification.outcome !== 'valid') {
      return refuseKey(c, { verification, bucket: caller?.bucket ?? 'unknown', accept, requestId })
    }
    const rate = verification.rate === null ? noHeaders : rateLimitHeaders('key', verification.rate)
    // Not c.body: a Headers object, which nobody reads, would cost more than the verification.
    return new Response(validationText(verification.record), {
      headers: {
        ...json,
        ...rate,
        ...warningHeaders(verification.leaseUntil, verification.record.key),
        'X-Request-Id': requestId,
      },
    })
  }

  /** A POST asks the same as a GET. Its body is read first: nothing is judged before an await. */
  async function answerPost(c: Context<AppEnvironment>, asked: Asked): Promise<Response> {
    requireOwnSite(c, baseUrl, crossOrigin)
    const bodyProblem = await requireNoBody(c).then(
      () => null,
      (error: unknown) => error,
    )
    const answered = await answer(c, asked)
    // Who shows no good credential learns nothing about the rest of the request.
    if (bodyProblem === null || answered.status === 401) return answered
    throw bodyProblem
  }

  function finish(response: Response, c: Context<AppEnvironment>, asked: Asked): Response {
    const { requestId, begunAt, caller, keyId } = asked
    const milliseconds = performance.now() - begunAt
    const { status } = response
    metrics.observeRequest(validatePath, status, milliseconds)
    // A good key is a line only for who debugs: services ask thousands of times a second.
    const level = status === 200 ? 'debug' : 'info'
    if (!log.isLevelEnabled(level)) return response
    const refusals = status === 401 || status === 429 ? countRefusal(caller?.bucket ?? 'unknown') : undefined
    if (refusals !== null) {
      const ms = Math.round(milliseconds * 10) / 10
      const { method } = c.req
      log[level](
        {
          request_id: requestId,
          method,
          route: validatePath,
          status,
          ms,
          address: caller?.address,
          key_id: keyId,
          refusals,
        },
        'request',
      )
    }
    return response
  }

  /** What is no credential that counts is a failing one all the same, unless there was none at all. */
  async function refuseCredential(
    error: KeydeskError,
    c: Context<AppEnvironment>,
    bucket: string,
  ): Promise<never> {
    if (error.code !== 'missing_key') await refuseTooManyFailures(c, countFailure, bucket)
    throw error
  }

  /** Errors go the way of all errors, which reads what the middleware would have left. */
  function answerError(error: unknown, c: Context<AppEnvironment>, requestId: string): Response {
    for (const [name, value] of Object.entries(responseHeaders)) c.header(name, value)
    c.header('X-Request-Id', requestId)
    c.set('requestId', requestId)
    c.set('log', log.child({ request_id: requestId }))
    return answerProblem(error, c)
  }
}

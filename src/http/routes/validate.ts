import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import { KeydeskError } from '../../domain/errors.ts'
import { rateLimitHeaders } from '../../domain/rate-limit.ts'
import { scopesMax } from '../../domain/scopes.ts'
import { storableText } from '../../domain/storable-text.ts'
import type { Metrics } from '../../services/metrics.ts'
import type { VerifyKey } from '../../services/verify-key.ts'
import type { Callers } from '../callers.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireOwnSite } from '../middleware/refuse-cross-site.ts'
import { requireHttps } from '../middleware/refuse-plain-http.ts'
import { presentedKey } from '../presented-key.ts'
import type { AnswerProblem } from '../problem.ts'
import type { RefuseKey } from '../refuse-key.ts'
import { queryOf, readVerificationHeaders } from '../request-reading.ts'
import { describeIssues } from '../validation-issues.ts'
import { jsonAnswer, problemAnswers } from '../wire/answers.ts'
import { scope } from '../wire/inputs.ts'
import { validationText, wireValidation } from '../wire/validation.ts'

const path = '/v1/validate'
const query = z.strictObject({ scope: z.array(scope).max(scopesMax).optional() })
const validation = {
  path,
  request: { query },
  responses: {
    200: jsonAnswer(wireValidation, 'The key is good for every scope that was asked.'),
    ...problemAnswers(
      'missing_key',
      'invalid_key',
      'expired_key',
      'revoked_key',
      'user_disabled',
      'insufficient_scope',
      'rate_limited',
      'overloaded',
    ),
  },
}
const routes = [
  createRoute({ ...validation, method: 'get', summary: 'Whether a key is good' }),
  createRoute({ ...validation, method: 'post', summary: 'Whether a key is good' }),
]

export interface ValidateDependencies {
  readonly verifyKey: VerifyKey
  readonly callers: Callers
  readonly nextRequestId: () => string
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly refuseKey: RefuseKey
  readonly answerProblem: AnswerProblem
  readonly baseUrl: string
  readonly metrics: Metrics
  readonly log: Logger
}

/**
 * The route that services call all day. It is registered before the middleware and does the work of it by itself, in one
 * pass: with the middleware in front, most of an answer's time would be theirs.
 */
export function validateRoutes(app: OpenAPIHono<AppEnvironment>, dependencies: ValidateDependencies): void {
  const {
    verifyKey,
    callers,
    nextRequestId,
    responseHeaders,
    refuseKey,
    answerProblem,
    baseUrl,
    metrics,
    log,
  } = dependencies
  const json = { ...responseHeaders, 'Content-Type': 'application/json' }
  for (const route of routes) app.openAPIRegistry.registerPath(route)

  app.on(['GET', 'POST'], path, async (c) => {
    const begunAt = performance.now()
    const requestId = nextRequestId()
    let response: Response
    try {
      response = await answer(c, requestId)
    } catch (error) {
      response = answerError(error, c, requestId)
    }
    const milliseconds = performance.now() - begunAt
    const { status } = response
    metrics.observeRequest(path, status, milliseconds)
    // A good key is a line only for who debugs: services ask thousands of times a second.
    const level = status === 200 ? 'debug' : 'info'
    if (log.isLevelEnabled(level)) {
      const ms = Math.round(milliseconds * 10) / 10
      log[level]({ request_id: requestId, method: c.req.method, route: path, status, ms }, 'request')
    }
    return response
  })

  async function answer(c: Context<AppEnvironment>, requestId: string): Promise<Response> {
    const headers = readVerificationHeaders(c)
    const caller = callers(c.env?.incoming?.socket.remoteAddress, headers['x-forwarded-for'])
    requireHttps(baseUrl, caller.viaTrustedProxy, headers['x-forwarded-proto'])
    const search = queryOf(c)
    const keyText = presentedKey(headers, search)
    const scopes = search === '' ? [] : readScopes(search)
    if (c.req.method === 'POST') await refuseUnasked(c)
    const userAgent = headers['user-agent']
    const verifying = verifyKey({
      keyText,
      scopes,
      address: caller.address,
      userAgent: userAgent === undefined ? null : storableText(userAgent, 400),
    })
    // Awaiting an answer that is there already would give way to others between the judgement and the answer.
    const verification = verifying instanceof Promise ? await verifying : verifying
    if (verification.outcome !== 'valid') {
      return refuseKey(c, { verification, address: caller.address, accept: headers.accept, requestId })
    }
    const rate = verification.rate === null ? {} : rateLimitHeaders('key', verification.rate)
    return c.body(validationText(verification.record), 200, { ...json, ...rate, 'X-Request-Id': requestId })
  }

  /** Errors go the way of all errors, which reads what the middleware would have left. */
  function answerError(error: unknown, c: Context<AppEnvironment>, requestId: string): Response {
    for (const [name, value] of Object.entries(responseHeaders)) c.header(name, value)
    c.header('X-Request-Id', requestId)
    c.set('requestId', requestId)
    c.set('log', log.child({ request_id: requestId }))
    return answerProblem(error, c)
  }

  /** A POST asks the same as a GET: a body would be something that we do not read, and so do not take. */
  async function refuseUnasked(c: Context<AppEnvironment>): Promise<void> {
    requireOwnSite(c, baseUrl)
    const length = c.req.header('content-length')
    if (length === '0' || (length === undefined && c.req.header('transfer-encoding') === undefined)) return
    throw new KeydeskError('invalid_request', {
      message:
        'This call takes no body: the key goes into a header, scopes into the query (?scope=a&scope=b).',
    })
  }
}

/** @throws KeydeskError `invalid_request` */
function readScopes(search: string): string[] {
  const asked: Record<string, string[]> = {}
  for (const [name, value] of new URLSearchParams(search)) asked[name] = [...(asked[name] ?? []), value]
  const parsed = query.safeParse(asked)
  if (parsed.success) return parsed.data.scope ?? []
  throw new KeydeskError('invalid_request', { message: describeIssues(parsed.error.issues) })
}

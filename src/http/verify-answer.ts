import type { Logger } from 'pino'
import { errorCodes, KeydeskError } from '../domain/errors.ts'
import { type ForwardedRequest, type ProxyName, readForwardedRequest } from '../domain/forwarded-request.ts'
import type { IdentityHeaders } from '../domain/identity-headers.ts'
import { type Approach, approachOf, wayIn } from '../domain/navigation.ts'
import { createChooseCredential } from '../domain/proxy-credential.ts'
import { rateLimitHeaders } from '../domain/rate-limit.ts'
import type { ReturnOrigin } from '../domain/return-to.ts'
import type { Metrics } from '../services/metrics.ts'
import type { Passage, VerifyRequest } from '../services/verify-request.ts'
import type { Callers, CountedCaller } from './callers.ts'
import { type CountFailure, tooManyFailures } from './count-failure.ts'
import type { AppEnvironment } from './environment.ts'
import { type AnsweredCall, createFinishVerify } from './finish-verify.ts'
import { createIdentityAnswer } from './identity-answer.ts'
import { requireHttps } from './middleware/refuse-plain-http.ts'
import type { Pages } from './pages.ts'
import { describeCause, toKeydeskError } from './problem.ts'
import { createReadProxyLines, marksOf, type ProxyLines } from './proxy-lines.ts'
import { refusalDetail, warningHeaders } from './refuse-key.ts'
import { createRememberedHost } from './remembered-host.ts'
import { createReportOutOfReach } from './report-out-of-reach.ts'
import { createReportStranger } from './report-stranger.ts'
import { cookiesForApps } from './session-cookies.ts'
import { nothing, readDemands } from './validate-request.ts'
import { createVerifyRefusals, type Refusal } from './verify-refusals.ts'

/** A request of a proxy: which one asks, and what follows its path in the request target. */
export interface VerifyCall {
  readonly proxy: ProxyName
  readonly rest: string
}

export interface VerifyDependencies {
  readonly verifyRequest: VerifyRequest
  readonly callers: Callers
  readonly nextRequestId: () => string
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly countFailure: CountFailure | null
  readonly pages: Pages
  readonly baseUrl: string
  readonly keyPrefix: string
  readonly identityHeaders: IdentityHeaders
  readonly returnOrigins: readonly ReturnOrigin[]
  readonly canSignIn: boolean
  readonly cookieDomain: string | undefined
  readonly metrics: Metrics
  readonly log: Logger
  readonly now: () => Date
}

export type VerifyAnswer = (
  call: VerifyCall,
  request: Request,
  bindings: AppEnvironment['Bindings'],
) => Promise<Response>

interface Asked extends VerifyCall, AnsweredCall {
  readonly lines: ProxyLines
  readonly peer: string | undefined
  /** Who asks from where they may not, or says nothing that can be read, gets what programs get. */
  isRead: boolean
  caller: CountedCaller | null
  keyId: string | null
  why: string | null
}

/**
 * Answers proxies, which ask for every request to an app. It goes without the middleware, as `/v1/validate` does and for the
 * same reason, and never reads a body.
 */
export function createVerifyAnswer(dependencies: VerifyDependencies): VerifyAnswer {
  const { verifyRequest, callers, nextRequestId, responseHeaders, countFailure } = dependencies
  const { baseUrl, log } = dependencies
  const refusals = createVerifyRefusals(dependencies)
  const finish = createFinishVerify(dependencies)
  const reportStranger = createReportStranger(log)
  const reportOutOfReach = createReportOutOfReach(dependencies)
  const readProxyLines = createReadProxyLines()
  const rememberedHost = createRememberedHost()
  const chooseCredential = createChooseCredential({ keyPrefix: dependencies.keyPrefix, issuer: baseUrl })
  const headersOf = createIdentityAnswer(responseHeaders, dependencies.identityHeaders)

  return async function answerVerify(call, request, bindings) {
    // Member by member: a spread here takes longer than the judgement of a key.
    const asked: Asked = {
      proxy: call.proxy,
      rest: call.rest,
      lines: readProxyLines(request, bindings),
      method: request.method,
      peer: bindings.incoming?.socket.remoteAddress,
      requestId: nextRequestId(),
      begunAt: performance.now(),
      isRead: false,
      caller: null,
      keyId: null,
      why: null,
    }
    try {
      return finish(await answer(asked), asked)
    } catch (thrown) {
      const error = toKeydeskError(thrown)
      const { requestId, proxy } = asked
      const response = refuse(asked, refusals.error(error))
      // By the code: to nginx it is a 403.
      if (errorCodes[error.code].status >= 500)
        log.error(
          { request_id: requestId, proxy, code: error.code, cause: describeCause(error.cause) },
          failed,
        )
      return finish(response, asked)
    }
  }

  function answer(asked: Asked): Response | Promise<Response> {
    const { proxy, lines, rest, method } = asked
    const forwardedFor = lines.joined('x-forwarded-for')
    const caller = callers(asked.peer, forwardedFor)
    asked.caller = caller
    if (!caller.viaTrustedProxy) {
      reportStranger(caller)
      throw new KeydeskError('forbidden', { message: stranger })
    }
    const reading = readForwardedRequest(proxy, { method, rest, lines, normalHost: rememberedHost })
    if ('problem' in reading) throw new KeydeskError('invalid_request', { message: reading.problem })
    asked.isRead = true
    requireHttps(baseUrl, true, reading.request.scheme)
    // nginx asks about an origin that its configuration names, and says beside it how the client came.
    if (proxy === 'nginx') requireHttps(baseUrl, true, lines.joined('x-forwarded-proto'))
    return answerReading(asked, reading, caller)
  }

  function answerReading(
    asked: Asked,
    { request, demands }: { readonly request: ForwardedRequest; readonly demands: string },
    { address, bucket }: CountedCaller,
  ): Response | Promise<Response> {
    const { lines } = asked
    const cookies = cookiesForApps(lines.joined('cookie', '; '))
    const credential = chooseCredential({
      apiKeys: lines.of('x-api-key'),
      authorizations: lines.of('authorization'),
      sessionCookie: cookies.session,
      appCookie: cookies.app,
      // What is in our own query was put there by whoever wrote the configuration, or passed on by mistake.
      query: demands + request.query,
    })
    if (credential.kind === 'none') return answerStranger(asked, request)
    if (credential.kind === 'bad')
      return refuseFailing(asked, { code: 'invalid_key', message: credential.message }, bucket)
    const demanded = demands === '' ? nothing : readDemands(demands)
    const verifying = verifyRequest({
      credential,
      asked: request,
      scopes: demanded.scope,
      groups: demanded.group,
      // Without the header the address is that of the proxy, which says nothing about the client.
      address: (lines.joined('x-forwarded-for') ?? '').trim() === '' ? null : address,
      userAgent: lines.joined('user-agent'),
    })
    return verifying.then((passage) => answerPassage(asked, passage, request, bucket))
  }

  function answerPassage(
    asked: Asked,
    passage: Passage,
    request: ForwardedRequest,
    bucket: string,
  ): Response | Promise<Response> {
    switch (passage.outcome) {
      case 'allowed':
        return allow(asked, passage)
      case 'no_session':
        return answerStranger(asked, request)
      case 'not_here':
        if (passage.holder.kind === 'key') asked.keyId = passage.holder.record.key.id
        asked.why = passage.why
        return refuse(asked, refusals.notHere(passage, request))
      case 'shut_out':
        asked.why = passage.why
        return refuse(asked, refusals.shutOut(passage.why, request))
      case 'rate_limited': {
        asked.keyId = passage.keyId
        const message = refusalDetail('rate_limited', baseUrl)
        return refuse(asked, refusals.limited('key', passage.rate, message))
      }
      case 'refused_credential': {
        asked.keyId = passage.keyId
        const refusal = refusals.credential(passage.code)
        // A missing scope or group is no failing credential: it is good.
        const isGood = passage.code === 'insufficient_scope' || passage.code === 'forbidden'
        return isGood ? refuse(asked, refusal) : refuseFailing(asked, refusal, bucket)
      }
    }
  }

  function allow(asked: Asked, passage: Extract<Passage, { outcome: 'allowed' }>): Response {
    const { identity, holder, jwt, rate, leaseUntil } = passage
    asked.keyId = identity.keyId
    return new Response('', {
      headers: {
        ...headersOf(identity),
        'X-Auth-Request-Jwt': jwt,
        ...(rate === null ? undefined : rateLimitHeaders('key', rate)),
        ...(holder.kind === 'key' ? warningHeaders(leaseUntil, holder.record.key) : undefined),
        'X-Request-Id': asked.requestId,
      },
    })
  }

  /** Nobody is signed in there, and nothing was shown. */
  function answerStranger(asked: Asked, request: ForwardedRequest): Response {
    const approach = approachTo(asked)
    const way = wayIn(asked.proxy, approach, request, dependencies)
    if (approach === 'navigation' && dependencies.canSignIn) reportOutOfReach(request.host)
    if (way.kind === 'no_way_back') {
      const message = `Keydesk may not send anybody back to ${request.origin} after a sign-in.`
      const whatToDo = `Whoever runs Keydesk has to add ${request.origin} to RETURN_TO_ORIGINS.`
      const title = 'There is no way back from a sign-in'
      return refuse(asked, {
        code: 'forbidden',
        message: `${message} ${whatToDo}`,
        page: { title, whatToDo: waysToAsk },
      })
    }
    if (way.kind === 'unauthenticated') {
      const where = way.location === null ? {} : { headers: { Location: way.location } }
      return refuse(asked, { code: 'unauthenticated', message: nobody, ...where })
    }
    const headers = { ...responseHeaders, 'X-Auth-Error': 'unauthenticated', Location: way.location }
    return new Response('', {
      status: way.status,
      headers: { ...headers, 'X-Request-Id': asked.requestId },
    })
  }

  function refuse(asked: Asked, refusal: Refusal): Response {
    const { proxy, requestId } = asked
    return refusals.answer({ proxy, requestId, approach: approachTo(asked) }, refusal)
  }

  async function refuseFailing(asked: Asked, refusal: Refusal, bucket: string): Promise<Response> {
    const state = (await countFailure?.(bucket)) ?? null
    if (state === null) return refuse(asked, refusal)
    return refuse(asked, refusals.limited('failures', state, tooManyFailures))
  }
}

function approachTo({ isRead, lines }: Asked): Approach {
  return isRead ? approachOf(marksOf(lines)) : 'unknown'
}

const failed = 'request failed'
const nobody =
  'Nobody is signed in here. Sign in at a browser, or send a key as X-API-Key or a JWT as Authorization: Bearer.'
const stranger =
  'Only the proxies of TRUSTED_PROXIES may ask this, and your address is none of them. Add it there if it is a proxy of yours.'
const waysToAsk = 'Give them the request id below. Nothing was changed.'

import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Access, Allowlist, SettledRules } from '../services/access-policies.ts'
import type { BeginSignIn } from '../services/begin-sign-in.ts'
import type { FindSession } from '../services/find-session.ts'
import type { FinishSignIn } from '../services/finish-sign-in.ts'
import type { IssueAuthCode } from '../services/issue-auth-code.ts'
import type { JwtServices } from '../services/jwt-services.ts'
import type { LimitRate } from '../services/limit-rate.ts'
import type { Metrics } from '../services/metrics.ts'
import type { RecordRefusal } from '../services/record-refusal.ts'
import type { VerifyKey } from '../services/verify-key.ts'
import type { VerifyRequest } from '../services/verify-request.ts'
import type { Provider } from '../sso/provider.ts'
import type { Storage } from '../storage/storage.ts'
import { readAssets } from './assets.ts'
import { createCallers } from './callers.ts'
import { createCountFailure } from './count-failure.ts'
import { createCrossOrigin, originOf } from './cross-origin.ts'
import { createReadSession } from './current-session.ts'
import type { AppEnvironment } from './environment.ts'
import { createForms } from './forms.ts'
import { answerPreflight } from './middleware/answer-preflight.ts'
import { answerUnrouted } from './middleware/answer-unrouted.ts'
import { identifyCaller } from './middleware/identify-caller.ts'
import { limitByAddress } from './middleware/limit-by-address.ts'
import { refuseCrossSite } from './middleware/refuse-cross-site.ts'
import { requestContext } from './middleware/request-context.ts'
import { createPages } from './pages.ts'
import { createAnswerProblem } from './problem.ts'
import { createRefuseKey } from './refuse-key.ts'
import { createRequestIds } from './request-ids.ts'
import { responseHeaders } from './response-headers.ts'
import { type AccountServices, accountRoutes } from './routes/account.ts'
import { type AdminServices, adminRoutes } from './routes/admin.ts'
import { consoleRoutes } from './routes/console.ts'
import { docsRoutes } from './routes/docs.ts'
import { frontRoutes } from './routes/front.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { oauthProblems, oauthRoutes, type StandardServices } from './routes/oauth.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { ownKeyPath, ownKeyRoutes } from './routes/own-key.ts'
import { revokePath } from './routes/revoke-held.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { createValidateApp, validatePath, validateRoutes } from './routes/validate.ts'
import { verifyCallOf, verifyRoutes } from './routes/verify.ts'
import { createSendToProvider } from './send-to-provider.ts'
import { createSessionCookies } from './session-cookies.ts'
import { describeIssues } from './validation-issues.ts'
import { createVerifyAnswer } from './verify-answer.ts'
import { createWhoMaySignIn } from './who-may-sign-in.ts'

const bodyBytesMax = 64 * 1024

export interface AppDependencies {
  readonly config: Config
  readonly log: Logger
  readonly storage: Storage
  readonly verifyKey: VerifyKey
  readonly verifyRequest: VerifyRequest
  readonly limitRate: LimitRate
  readonly jwts: JwtServices
  readonly standards: StandardServices
  readonly metrics: Metrics
  readonly access: Access
  readonly findSession: FindSession
  readonly recordRefusal: RecordRefusal
  /** Null where no provider is configured: sign-in is off then. */
  readonly signIn: {
    readonly providers: readonly Provider[]
    readonly beginSignIn: BeginSignIn
    readonly finishSignIn: FinishSignIn
    readonly issueAuthCode: IssueAuthCode
  } | null
  readonly admin: AdminServices
  readonly account: AccountServices
  readonly settled: SettledRules
  /** Null where there is no external list. */
  readonly allowlist: Allowlist | null
  /** Makes the tokens of forms. */
  readonly formKey: Uint8Array
  /** Rejects when `/readyz` must not say that requests can be answered. */
  readonly checkReadiness: () => Promise<void>
  readonly now: () => Date
}

export interface App {
  fetch(request: Request, bindings: AppEnvironment['Bindings']): Response | Promise<Response>
  readonly routes: readonly { readonly method: string; readonly path: string }[]
  /** Makes what is made once, and takes long for a request. */
  prepare(): void
}

/** The whole HTTP surface. */
export function createApp(dependencies: AppDependencies): App {
  const { config, log, signIn, admin, metrics, limitRate } = dependencies
  const headers = responseHeaders(config.authBaseUrl)
  const callers = createCallers(config.trustedProxies)
  const crossOrigin = createCrossOrigin(config.corsAllowOrigins, config.authBaseUrl)
  const nextRequestId = createRequestIds()
  const countFailure = createCountFailure(limitRate, config.failureRateLimit)
  const app = new OpenAPIHono<AppEnvironment>({
    defaultHook: (result) => {
      if (!result.success)
        throw new KeydeskError('invalid_request', { message: describeIssues(result.error.issues) })
    },
  })

  const assets = readAssets()
  const pages = createPages({
    assets: assets.paths,
    baseUrl: config.authBaseUrl,
    providers: signIn?.providers ?? [],
    contact: config.adminContact,
    leaseSeconds: config.keyLease,
  })
  const sessionCookies = createSessionCookies({ maxAge: config.sessionMax, domain: config.cookieDomain })
  const readSession = createReadSession(sessionCookies, dependencies.findSession)
  const answerProblem = createAnswerProblem(pages)
  app.onError(answerProblem)

  const refuseKey = createRefuseKey({ countFailure, responseHeaders: headers, baseUrl: config.authBaseUrl })
  for (const route of validateRoutes) app.openAPIRegistry.registerPath(route)
  const validateApp = createValidateApp({
    verifyKey: dependencies.verifyKey,
    callers,
    nextRequestId,
    responseHeaders: headers,
    refuseKey,
    countFailure,
    answerProblem,
    baseUrl: config.authBaseUrl,
    crossOrigin,
    metrics,
    log,
    now: dependencies.now,
  })

  for (const route of verifyRoutes) app.openAPIRegistry.registerPath(route)
  const answerVerify = createVerifyAnswer({
    ...dependencies,
    callers,
    nextRequestId,
    responseHeaders: headers,
    countFailure,
    pages,
    baseUrl: config.authBaseUrl,
    keyPrefix: config.apiKeyPrefix,
    identityHeaders: config.identityHeaders,
    returnOrigins: config.returnToOrigins,
    canSignIn: signIn !== null,
    cookieDomain: config.cookieDomain,
  })

  app.use(requestContext({ log, nextRequestId, responseHeaders: headers, metrics }))
  oauthProblems(app)
  app.use(identifyCaller(callers))
  if (crossOrigin !== null) app.use(answerPreflight(crossOrigin))
  app.use(refuseCrossSite(config.authBaseUrl, crossOrigin))
  app.use(
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => {
        throw new KeydeskError('too_large', {
          message: `The body is larger than ${bodyBytesMax / 1024} KiB.`,
        })
      },
    }),
  )

  assets.serve(app)
  const shared = {
    ...dependencies,
    pages,
    readSession,
    sessionCookies,
    whoMaySignIn: createWhoMaySignIn(config.providers, config.signUp),
    baseUrl: config.authBaseUrl,
    idleSecondsMax: config.sessionIdle,
  }
  frontRoutes(app, shared)
  healthRoutes(app, dependencies)
  if (config.metricsToken !== undefined)
    metricsRoutes(app, { metrics, token: config.metricsToken, countFailure })
  app.use(ownKeyPath, limitByAddress('own-key', config.authRateLimit, limitRate))
  ownKeyRoutes(app, { ...shared, countFailure })
  app.use(revokePath, limitByAddress('revoke', config.authRateLimit, limitRate))
  app.use('/auth/*', limitByAddress('auth', config.authRateLimit, limitRate))
  app.use('/account/*', limitByAddress('auth', config.authRateLimit, limitRate))
  sessionRoutes(app, { ...shared, endSessions: admin.endSessions })
  const sendToProvider =
    signIn === null ? null : createSendToProvider({ ...signIn, stateTtlSeconds: config.stateTtl })
  const forms = createForms({ formKey: dependencies.formKey, baseUrl: config.authBaseUrl })
  accountRoutes(app, { ...shared, forms, assets, sendToProvider })
  if (signIn !== null && sendToProvider !== null)
    signInRoutes(app, { ...shared, ...signIn, sendToProvider, returnOrigins: config.returnToOrigins })

  oauthRoutes(app, { ...shared, refuseKey, countFailure })
  adminRoutes(app, { ...shared, countFailure })
  app.use('/console/*', limitByAddress('auth', config.authRateLimit, limitRate))
  consoleRoutes(app, { ...shared, forms, assets: assets.paths })
  const readDocument = openApiRoutes(app, config.authBaseUrl)
  docsRoutes(app, { readDocument, assets: assets.paths })

  app.notFound(answerUnrouted([...app.routes, ...validateApp.routes]))
  return {
    fetch: dispatch,
    routes: [
      ...app.routes,
      ...validateApp.routes,
      ...verifyRoutes.map((route) => ({ method: 'GET', path: route.getRoutingPath() })),
    ],
    prepare: () => void readDocument(),
  }

  function dispatch(request: Request, bindings: AppEnvironment['Bindings']): Response | Promise<Response> {
    const target = bindings.incoming?.url ?? targetOf(request)
    const call = verifyCallOf(target)
    if (call !== null) return answerVerify(call, request, bindings)
    const isValidation = isValidateUrl(target)
    const isAnswered = request.method === 'GET' || request.method === 'POST' || request.method === 'HEAD'
    const answering =
      isValidation && isAnswered ? validateApp.fetch(request, bindings) : app.fetch(request, bindings)
    if (crossOrigin === null) return answering
    const origin = originOf(request, bindings)
    // Nobody keeps those, and services, which send no Origin, ask thousands of times a second.
    if (isValidation && origin === undefined) return answering
    const { pathname } = new URL(request.url)
    return answering instanceof Promise
      ? answering.then((answer) => crossOrigin.readable(answer, origin, pathname))
      : crossOrigin.readable(answering, origin, pathname)
  }
}

/** Of a request that came without a socket. */
function targetOf({ url }: Request): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

function isValidateUrl(target: string): boolean {
  // The absolute form (RFC 9112 §3.2.2), a proxy's, has the path behind the authority.
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '')
  return (
    url.startsWith(validatePath) && (url.length === validatePath.length || url[validatePath.length] === '?')
  )
}

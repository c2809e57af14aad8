import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Access, Allowlist, SettledRules } from '../services/access-policies.ts'
import type { BeginSignIn } from '../services/begin-sign-in.ts'
import type { FindSession } from '../services/find-session.ts'
import type { FinishSignIn } from '../services/finish-sign-in.ts'
import type { LimitRate } from '../services/limit-rate.ts'
import type { Metrics } from '../services/metrics.ts'
import type { RecordRefusal } from '../services/record-refusal.ts'
import type { VerifyKey } from '../services/verify-key.ts'
import type { Provider } from '../sso/provider.ts'
import type { Storage } from '../storage/storage.ts'
import { readAssets } from './assets.ts'
import { createCallers } from './callers.ts'
import { createCountFailure } from './count-failure.ts'
import { createReadSession } from './current-session.ts'
import type { AppEnvironment } from './environment.ts'
import { createForms } from './forms.ts'
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
import { openApiRoutes } from './routes/openapi.ts'
import { ownKeyPath, ownKeyRoutes } from './routes/own-key.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { createValidateApp, validatePath, validateRoutes } from './routes/validate.ts'
import { createSendToProvider } from './send-to-provider.ts'
import { createSessionCookies } from './session-cookies.ts'
import { describeIssues } from './validation-issues.ts'
import { createWhoMaySignIn } from './who-may-sign-in.ts'

const bodyBytesMax = 64 * 1024

export interface AppDependencies {
  readonly config: Config
  readonly log: Logger
  readonly storage: Storage
  readonly verifyKey: VerifyKey
  readonly limitRate: LimitRate
  readonly metrics: Metrics
  readonly access: Access
  readonly findSession: FindSession
  readonly recordRefusal: RecordRefusal
  /** Null where no provider is configured: sign-in is off then. */
  readonly signIn: {
    readonly providers: readonly Provider[]
    readonly beginSignIn: BeginSignIn
    readonly finishSignIn: FinishSignIn
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

  for (const route of validateRoutes) app.openAPIRegistry.registerPath(route)
  const validateApp = createValidateApp({
    verifyKey: dependencies.verifyKey,
    callers,
    nextRequestId,
    responseHeaders: headers,
    refuseKey: createRefuseKey({ countFailure, responseHeaders: headers, baseUrl: config.authBaseUrl }),
    countFailure,
    answerProblem,
    baseUrl: config.authBaseUrl,
    metrics,
    log,
    now: dependencies.now,
  })

  app.use(requestContext({ log, nextRequestId, responseHeaders: headers, metrics }))
  app.use(identifyCaller(callers))
  app.use(refuseCrossSite(config.authBaseUrl))
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
  app.use('/auth/*', limitByAddress('auth', config.authRateLimit, limitRate))
  app.use('/account/*', limitByAddress('auth', config.authRateLimit, limitRate))
  sessionRoutes(app, { ...shared, endSessions: admin.endSessions })
  const sendToProvider =
    signIn === null ? null : createSendToProvider({ ...signIn, stateTtlSeconds: config.stateTtl })
  const forms = createForms({ formKey: dependencies.formKey, baseUrl: config.authBaseUrl })
  accountRoutes(app, { ...shared, forms, assets, sendToProvider })
  if (signIn !== null && sendToProvider !== null)
    signInRoutes(app, { ...shared, ...signIn, sendToProvider, returnOrigins: config.returnToOrigins })

  adminRoutes(app, { ...shared, countFailure })
  app.use('/console/*', limitByAddress('auth', config.authRateLimit, limitRate))
  consoleRoutes(app, { ...shared, forms, assets: assets.paths })
  const readDocument = openApiRoutes(app, config.authBaseUrl)
  docsRoutes(app, { readDocument, assets: assets.paths })

  app.notFound(answerUnrouted([...app.routes, ...validateApp.routes]))
  return {
    fetch: dispatch,
    routes: [...app.routes, ...validateApp.routes],
    prepare: () => void readDocument(),
  }

  function dispatch(request: Request, bindings: AppEnvironment['Bindings']): Response | Promise<Response> {
    const isValidation = isValidateUrl(bindings.incoming?.url ?? new URL(request.url).pathname)
    const isAnswered = request.method === 'GET' || request.method === 'POST' || request.method === 'HEAD'
    return isValidation && isAnswered ? validateApp.fetch(request, bindings) : app.fetch(request, bindings)
  }
}

function isValidateUrl(target: string): boolean {
  // The absolute form (RFC 9112 §3.2.2), a proxy's, has the path behind the authority.
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '')
  return (
    url.startsWith(validatePath) && (url.length === validatePath.length || url[validatePath.length] === '?')
  )
}

import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ExchangeAuthCode } from '../../services/exchange-auth-code.ts'
import type { IntrospectToken } from '../../services/introspect-token.ts'
import type { JwtServices } from '../../services/jwt-services.ts'
import type { RevokeHeldKey } from '../../services/revoke-held-key.ts'
import type { AppEnvironment } from '../environment.ts'
import { answerOAuthProblems } from '../oauth-problem.ts'
import { authExchangeRoutes, exchangePath } from './auth-exchange.ts'
import { introspectPath, introspectRoutes } from './introspect.ts'
import { revokeHeldRoutes, revokePath } from './revoke-held.ts'
import { tokenPath, tokenRoutes } from './token.ts'
import { wellKnownRoutes } from './well-known.ts'

/** Whoever calls these is an OAuth client: errors are told in its words too. */
const oauthPaths = [tokenPath, introspectPath, revokePath, exchangePath]

/** What OAuth has words for, but for JWTs. */
export interface StandardServices {
  readonly introspectToken: IntrospectToken
  readonly revokeHeldKey: RevokeHeldKey
  readonly exchangeAuthCode: ExchangeAuthCode
}

/** Before everything that may refuse a request. */
export function oauthProblems(app: OpenAPIHono<AppEnvironment>): void {
  for (const path of oauthPaths) app.use(path, answerOAuthProblems())
}

/** What OAuth clients call, and verifiers of JWTs. */
export function oauthRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: Omit<Parameters<typeof tokenRoutes>[1], 'issueToken'> &
    Omit<Parameters<typeof introspectRoutes>[1], 'introspectToken'> & {
      jwts: JwtServices
      standards: StandardServices
    },
): void {
  const shared = { ...dependencies, ...dependencies.jwts, ...dependencies.standards }
  introspectRoutes(app, shared)
  revokeHeldRoutes(app, shared)
  authExchangeRoutes(app, shared)
  tokenRoutes(app, shared)
  wellKnownRoutes(app, shared)
}

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ExchangeAuthCode } from '../../services/exchange-auth-code.ts'
import type { AppEnvironment } from '../environment.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { readOAuthFields } from '../oauth-fields.ts'
import { OAuthError } from '../oauth-problem.ts'
import { jsonAnswer } from '../wire/answers.ts'
import { authCodeExchange, wireAccessToken } from '../wire/auth-code.ts'
import { oauthAnswers } from '../wire/oauth.ts'

export const exchangePath = '/auth/exchange'

const exchange = createRoute({
  method: 'post',
  path: exchangePath,
  summary: 'Turn a one-time code into a JWT',
  description:
    'For apps that share no cookie domain with Keydesk. The code works once, for 60 seconds, for the origin that it was sent to and with the verifier of its challenge; shown with anything else it is used up. No cookie is read or set.',
  security: [{}],
  request: {
    body: {
      required: true,
      content: {
        'application/json': { schema: authCodeExchange },
        'application/x-www-form-urlencoded': { schema: authCodeExchange },
      },
    },
  },
  responses: {
    200: jsonAnswer(wireAccessToken, 'A JWT of the session, for the app alone.'),
    ...oauthAnswers('forbidden', 'too_large', 'unsupported_media_type', 'rate_limited'),
  },
})

/** The second half of signing in at an app elsewhere. */
export function authExchangeRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { exchangeAuthCode: ExchangeAuthCode; baseUrl: string; now: () => Date },
): void {
  const { exchangeAuthCode, baseUrl, now } = dependencies
  app.use(exchangePath, refusePlainHttp(baseUrl))

  // Registered apart: the validator of the package takes the last of two fields of a name for the one that is meant.
  app.openAPIRegistry.registerPath(exchange)
  app.post(exchangePath, async (c) => {
    const fields = await readOAuthFields(c, authCodeExchange, { takesJson: true })
    const asking = c.req.header('origin')
    const signed = await exchangeAuthCode(
      {
        code: fields.auth_code,
        codeVerifier: fields.code_verifier,
        origins: [originOf(fields.return_to), ...(asking === undefined ? [] : [asking])],
      },
      c.get('origin'),
    )
    if (signed === null) {
      throw new OAuthError('invalid_grant', {
        message:
          'This code is not good, or not any more, or not for who shows it. Sign in once more for another.',
      })
    }
    const expiresIn = Math.floor((signed.expiresAt.getTime() - now().getTime()) / 1000)
    return c.json({ access_token: signed.jwt, token_type: 'Bearer' as const, expires_in: expiresIn }, 200)
  })
}

/** What is no URL has no origin that anybody asked for. */
function originOf(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : ''
}

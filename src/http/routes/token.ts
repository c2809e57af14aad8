import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import { rateLimitHeaders } from '../../domain/rate-limit.ts'
import type { Holder } from '../../services/holder.ts'
import type { IssuedToken, IssueToken } from '../../services/issue-token.ts'
import type { VerifyKey } from '../../services/verify-key.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import { type ReadSession, requireSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireSameOrigin } from '../middleware/refuse-cross-site.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { OAuthError } from '../oauth-problem.ts'
import { presentedClient } from '../presented-client.ts'
import { refusalDetail, warningHeaders } from '../refuse-key.ts'
import { queryOf, readVerificationHeaders } from '../request-reading.ts'
import type { SessionCookies } from '../session-cookies.ts'
import { readTokenForm, type TokenForm, tokenForm } from '../token-form.ts'
import { jsonAnswer, keyRefusals } from '../wire/answers.ts'
import { oauthAnswers, wireToken } from '../wire/oauth.ts'
import { keySecurity } from '../wire/security.ts'

export const tokenPath = '/v1/token'

const issue = createRoute({
  method: 'post',
  path: tokenPath,
  summary: 'Turn a key or a session into a JWT',
  description:
    'Send the key in a header; or, as an OAuth client does (RFC 6749 §4.4), its id as `client_id` and the key as `client_secret`, by Basic or in the form. The session of a browser needs neither. A JWT never outlives what it came from, and never carries a right on Keydesk itself.',
  security: [...keySecurity, { clientCredentials: [] }, { session: [] }],
  request: {
    body: {
      required: false,
      content: {
        'application/x-www-form-urlencoded': { schema: tokenForm },
        'application/json': { schema: tokenForm },
      },
    },
  },
  responses: {
    200: jsonAnswer(wireToken, 'The JWT.'),
    ...oauthAnswers(
      'missing_key',
      ...keyRefusals,
      'unauthenticated',
      'forbidden',
      'too_large',
      'unsupported_media_type',
    ),
  },
})

export function tokenRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    verifyKey: VerifyKey
    issueToken: IssueToken
    readSession: ReadSession
    sessionCookies: SessionCookies
    countFailure: CountFailure | null
    baseUrl: string
    now: () => Date
  },
): void {
  const { verifyKey, issueToken, readSession, sessionCookies, countFailure, baseUrl, now } = dependencies
  app.use(tokenPath, refusePlainHttp(baseUrl))

  // Registered apart: the validator of the package takes the last of two fields of a name for the one that is meant.
  app.openAPIRegistry.registerPath(issue)
  app.post(tokenPath, async (c) => {
    const { form, problem } = await readTokenForm(c)
    const shown = presentedClient(readVerificationHeaders(c), queryOf(c), form ?? {})
    // The credential may be in the body, and that cannot be read: it is not missing.
    if (shown === null && form === null && sessionCookies.shown(c) === undefined) throw problem
    const holder = await holderOf(c, shown)
    // Who shows no good credential learns nothing about the rest of the request.
    if (problem !== null) throw problem
    const token = await issueToken(holder, wishOf(form))
    if (token.outcome !== 'issued') throw refusalOf(token)
    const seconds = Math.max(0, Math.floor((token.expiresAt.getTime() - now().getTime()) / 1000))
    const answer = {
      access_token: token.jwt,
      token_type: 'Bearer' as const,
      expires_in: seconds,
      scope: token.scopes.join(' '),
    }
    return c.json(answer, 200)
  })

  async function holderOf(
    c: Context<AppEnvironment>,
    shown: ReturnType<typeof presentedClient>,
  ): Promise<Holder> {
    if (typeof shown === 'string') return holderOfKey(c, shown)
    if (shown === null && sessionCookies.shown(c) !== undefined) return holderOfSession(c)
    if (shown === null) throw new KeydeskError('missing_key', { message: wantedCredential })
    return refuse(c, shown)
  }

  async function holderOfKey(c: Context<AppEnvironment>, keyText: string): Promise<Holder> {
    const { address } = c.get('caller')
    const userAgent = c.req.header('user-agent')
    const verification = await verifyKey({ keyText, scopes: [], groups: [], address, userAgent })
    const { outcome } = verification
    if (outcome === 'invalid_key')
      return refuse(c, new KeydeskError(outcome, { message: refusalDetail(outcome, baseUrl) }))
    const leaseUntil = 'leaseUntil' in verification ? verification.leaseUntil : null
    const rate = 'rate' in verification ? verification.rate : null
    const told = {
      ...(rate && rateLimitHeaders('key', rate)),
      ...warningHeaders(leaseUntil, verification.record.key),
    }
    for (const [name, value] of Object.entries(told)) c.header(name, value)
    if (outcome === 'valid') return { kind: 'key', record: verification.record }
    return refuse(c, new KeydeskError(outcome, { message: refusalDetail(outcome, baseUrl) }))
  }

  async function holderOfSession(c: Context<AppEnvironment>): Promise<Holder> {
    const { session, user } = requireSession(await readSession(c))
    requireSameOrigin(c, baseUrl)
    return { kind: 'session', session, user }
  }

  /** A credential that fails is counted; none, and a good one that was used too often, is not. */
  async function refuse(c: Context<AppEnvironment>, error: KeydeskError): Promise<never> {
    if (error.code !== 'missing_key' && error.code !== 'rate_limited')
      await refuseTooManyFailures(c, countFailure, c.get('caller').bucket)
    throw error
  }
}

const wantedCredential =
  'Send your API key as the header X-API-Key, or as an OAuth client its id and the key as client_id and client_secret.'

/** @throws OAuthError */
function wishOf({ grant_type, audience, resource, scope }: TokenForm) {
  if (grant_type !== undefined && grant_type !== 'client_credentials') {
    throw new OAuthError('unsupported_grant_type', { message: 'The only grant_type is client_credentials.' })
  }
  if (audience !== undefined && resource !== undefined && audience !== resource) {
    throw new OAuthError('invalid_target', {
      message: 'A JWT is for one audience. Send audience or resource.',
    })
  }
  return { audience: audience ?? resource, scope }
}

function refusalOf(refused: Exclude<IssuedToken, { outcome: 'issued' }>): OAuthError {
  switch (refused.outcome) {
    case 'no_audiences':
      return new OAuthError('invalid_target', {
        message:
          'No JWT is made for anybody here. Whoever runs Keydesk names those who take one in JWT_AUDIENCES.',
      })
    case 'audience_needed':
      return new OAuthError('invalid_target', {
        message: 'Say whom the JWT is for: audience is one of JWT_AUDIENCES.',
      })
    case 'audience_unknown':
      return new OAuthError('invalid_target', {
        message: 'This audience is not known. Whoever runs Keydesk names audiences in JWT_AUDIENCES.',
      })
    case 'scope_missing':
      return new OAuthError('invalid_scope', {
        message:
          'A scope was asked for that cannot be handed on: the key does not carry it, it is a right on Keydesk itself, or a session asks, which carries none.',
      })
  }
}

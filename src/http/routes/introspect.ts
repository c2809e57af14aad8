import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import { rateLimitHeaders } from '../../domain/rate-limit.ts'
import { introspectScope } from '../../domain/scopes.ts'
import type { IntrospectToken } from '../../services/introspect-token.ts'
import type { VerifyKey } from '../../services/verify-key.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import type { AppEnvironment } from '../environment.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { readOAuthFields } from '../oauth-fields.ts'
import { presentedKey } from '../presented-key.ts'
import { type RefuseKey, warningHeaders } from '../refuse-key.ts'
import { queryOf, readVerificationHeaders } from '../request-reading.ts'
import { jsonAnswer, keyRefusals } from '../wire/answers.ts'
import { toWireIntrospection, wireIntrospection } from '../wire/introspection.ts'
import { oauthAnswers } from '../wire/oauth.ts'
import { keySecurity } from '../wire/security.ts'

export const introspectPath = '/v1/introspect'

const introspection = z.strictObject({
  token: z.string().min(1).openapi({ description: 'A key text, or a JWT of ours.' }),
  token_type_hint: z
    .string()
    .optional()
    .openapi({ description: 'RFC 7662 has it; a token is known by its form.' }),
})

const introspect = createRoute({
  method: 'post',
  path: introspectPath,
  summary: 'What a token opens right now (RFC 7662)',
  description: `For services that ask about the tokens of others, with a key that carries \`${introspectScope}\`. Asking is no use of the token; from where it may be used is not judged. Of whatever is not live the answer is \`{"active": false}\` and nothing more.`,
  security: keySecurity,
  request: {
    body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: introspection } } },
  },
  responses: {
    200: jsonAnswer(wireIntrospection, 'What is known of the token, or that it is not live.'),
    ...oauthAnswers(
      'missing_key',
      'insufficient_scope',
      ...keyRefusals,
      'forbidden',
      'too_large',
      'unsupported_media_type',
    ),
  },
})

/** The question of services that check keys and JWTs by a standard. */
export function introspectRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    verifyKey: VerifyKey
    introspectToken: IntrospectToken
    refuseKey: RefuseKey
    countFailure: CountFailure | null
    baseUrl: string
  },
): void {
  const { verifyKey, introspectToken, refuseKey, countFailure, baseUrl } = dependencies
  app.use(introspectPath, refusePlainHttp(baseUrl))

  // Registered apart: the validator of the package takes the last of two fields of a name for the one that is meant.
  app.openAPIRegistry.registerPath(introspect)
  app.post(introspectPath, async (c) => {
    // Read to the end first: a caller is judged when all was sent, however long that takes, and not when it began.
    await c.req.text()
    const refused = await refuseCaller(c)
    if (refused !== null) return refused
    const { token } = await readOAuthFields(c, introspection)
    return c.json(toWireIntrospection(await introspectToken(token), baseUrl), 200)
  })

  /** The answer to a caller who may not ask; null for one who may, whose limits go onto the answer. */
  async function refuseCaller(c: Context<AppEnvironment>): Promise<Response | null> {
    const { address, bucket } = c.get('caller')
    const headers = readVerificationHeaders(c)
    const keyText = presentedKey(headers, queryOf(c))
    if (keyText instanceof KeydeskError) {
      if (keyText.code !== 'missing_key') await refuseTooManyFailures(c, countFailure, bucket)
      throw keyText
    }
    const scopes = [introspectScope]
    const userAgent = headers['user-agent']
    const verification = await verifyKey({ keyText, scopes, groups: [], address, userAgent })
    if (verification.outcome !== 'valid') {
      const { accept } = headers
      return refuseKey(c, { verification, bucket, accept, requestId: c.get('requestId') })
    }
    const { rate, leaseUntil, record } = verification
    const onAnswer = { ...(rate && rateLimitHeaders('key', rate)), ...warningHeaders(leaseUntil, record.key) }
    for (const [name, value] of Object.entries(onAnswer)) c.header(name, value)
    return null
  }
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { isOwnJwt } from '../../domain/jwt-claims.ts'
import type { RevokeHeldKey } from '../../services/revoke-held-key.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import type { AppEnvironment } from '../environment.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { readOAuthFields } from '../oauth-fields.ts'
import { OAuthError } from '../oauth-problem.ts'
import { oauthAnswers } from '../wire/oauth.ts'

export const revokePath = '/v1/revoke'

const revocation = z.strictObject({
  token: z
    .string()
    .min(1)
    .openapi({ description: 'The whole key text. White space around it does not matter.' }),
  token_type_hint: z
    .string()
    .optional()
    .openapi({ description: 'RFC 7009 has it; a key is known by its form.' }),
  client_id: z
    .string()
    .optional()
    .openapi({ description: 'What OAuth clients without a secret send. It is not read.' }),
})

const revoke = createRoute({
  method: 'post',
  path: revokePath,
  summary: 'Stop a key that you hold (RFC 7009)',
  description:
    'Whoever holds a key may revoke it, and a key that was found should be. Nobody has to sign in for that, and the owner is told. It answers 200 for what is no key as well, and for a key of ours when no replica accepts it any more.',
  security: [{}],
  request: {
    body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: revocation } } },
  },
  responses: {
    200: { description: 'Nobody accepts it, now or ever.' },
    ...oauthAnswers('forbidden', 'too_large', 'unsupported_media_type', 'rate_limited', 'overloaded'),
  },
})

/** For whoever finds a key. */
export function revokeHeldRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { revokeHeldKey: RevokeHeldKey; countFailure: CountFailure | null; baseUrl: string },
): void {
  const { revokeHeldKey, countFailure, baseUrl } = dependencies
  app.use(revokePath, refusePlainHttp(baseUrl))

  // Registered apart: the validator of the package takes the last of two fields of a name for the one that is meant.
  app.openAPIRegistry.registerPath(revoke)
  app.post(revokePath, async (c) => {
    const fields = await readOAuthFields(c, revocation)
    // As it was found, with a line end or a blank around it: who stops a key need not copy it to the letter.
    const token = fields.token.trim()
    if (isOwnJwt(token, baseUrl)) {
      throw new OAuthError('unsupported_token_type', {
        message:
          'A JWT is not revoked by itself: it ends within minutes, and at once with the key that it came from.',
      })
    }
    const wasKey = await revokeHeldKey(token, c.get('origin'))
    if (!wasKey) await refuseTooManyFailures(c, countFailure, c.get('caller').bucket)
    return c.body(null, 200)
  })
}

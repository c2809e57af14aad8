import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { KeydeskError } from '../../domain/errors.ts'
import { isAccepted, type SigningKeys } from '../../services/signing-keys.ts'
import type { AppEnvironment } from '../environment.ts'
import { problemAnswers } from '../wire/answers.ts'
import { introspectPath } from './introspect.ts'
import { revokePath } from './revoke-held.ts'
import { tokenPath } from './token.ts'

const cacheSeconds = 300
const cacheable = { 'Cache-Control': `public, max-age=${cacheSeconds}` }

const wireJwk = z
  .object({
    kty: z.string().openapi({ description: '`EC` or `RSA`.' }),
    kid: z.string().openapi({ description: 'RFC 7638: the SHA-256 of the key.' }),
    alg: z.enum(['ES256', 'RS256']),
    use: z.literal('sig'),
    crv: z.string().optional(),
    x: z.string().optional(),
    y: z.string().optional(),
    n: z.string().optional(),
    e: z.string().optional(),
  })
  .openapi('PublicKey')

const readKeys = createRoute({
  method: 'get',
  path: '/.well-known/jwks.json',
  summary: 'The public keys by which anybody can check a JWT of Keydesk (RFC 7517)',
  description: `May be kept for ${cacheSeconds / 60} minutes. Where a JWT names a \`kid\` that is not in it, read it again.`,
  security: [],
  responses: {
    200: {
      description: 'The key that signs, and those before it whose JWTs may still be alive.',
      content: { 'application/jwk-set+json': { schema: z.object({ keys: z.array(wireJwk) }) } },
    },
    ...problemAnswers(),
  },
})

const readServer = createRoute({
  method: 'get',
  path: '/.well-known/oauth-authorization-server',
  summary: 'What OAuth clients have to know of Keydesk (RFC 8414)',
  security: [],
  responses: {
    200: {
      description: 'Where to get a JWT, where to ask about one, and how to say who asks.',
      content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } },
    },
    ...problemAnswers(),
  },
})

/** What verifiers and OAuth clients read before anything else. None of it is a secret. */
export function wellKnownRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { signingKeys: SigningKeys; baseUrl: string; now: () => Date },
): void {
  const { signingKeys, baseUrl, now } = dependencies
  const server = describeServer(baseUrl)

  app.openapi(readKeys, async (c) => {
    const { keys, hasSealed } = await signingKeys.fresh()
    if (hasSealed) {
      throw new KeydeskError('unavailable', {
        message: 'This replica was started with another PROXY_MASTER_KEY, and cannot read every key.',
      })
    }
    const accepted = keys.filter((key) => isAccepted(key, now())).map(({ publicJwk }) => publicJwk)
    return c.json({ keys: accepted }, 200, { ...cacheable, 'Content-Type': 'application/jwk-set+json' })
  })

  app.openapi(readServer, (c) => c.json(server, 200, cacheable))
}

function describeServer(baseUrl: string) {
  return {
    issuer: baseUrl,
    token_endpoint: `${baseUrl}${tokenPath}`,
    introspection_endpoint: `${baseUrl}${introspectPath}`,
    revocation_endpoint: `${baseUrl}${revokePath}`,
    jwks_uri: `${baseUrl}/.well-known/jwks.json`,
    // RFC 8414 §2 wants the member, and §3.2 no empty list; there is no authorization endpoint.
    response_types_supported: ['none'],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    introspection_endpoint_auth_methods_supported: ['Bearer'],
    revocation_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    service_documentation: `${baseUrl}/docs`,
  }
}

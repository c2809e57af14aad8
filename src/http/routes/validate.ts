import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { KeydeskError } from '../../domain/errors.ts'
import { effectiveScopes, scopesMax } from '../../domain/scopes.ts'
import type { Verification, VerifyKey } from '../../services/verify-key.ts'
import type { AppEnvironment } from '../environment.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { presentedKey } from '../presented-key.ts'
import { jsonAnswer, problemAnswers } from '../wire/answers.ts'
import { scope } from '../wire/inputs.ts'

const wireValidation = z
  .object({
    valid: z.literal(true),
    key: z.object({
      id: z.string(),
      name: z.string(),
      scopes: z.array(z.string()),
      expires_at: z.iso.datetime().nullable(),
      created_at: z.iso.datetime(),
      metadata: z.record(z.string(), z.unknown()),
    }),
    user: z.object({
      id: z.string(),
      email: z.string().nullable(),
      name: z.string().nullable(),
      role: z.enum(['member', 'admin']),
      groups: z.array(z.string()),
      kind: z.enum(['person', 'service']),
    }),
  })
  .openapi('Validation')

const query = z.strictObject({
  scope: z
    .union([scope.transform((one) => [one]), z.array(scope).max(scopesMax)])
    .optional()
    .transform((scopes) => scopes ?? []),
})
const validation = {
  path: '/v1/validate',
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
    ),
  },
}
const validateByGet = createRoute({ ...validation, method: 'get', summary: 'Whether a key is good' })
const validateByPost = createRoute({ ...validation, method: 'post', summary: 'Whether a key is good' })

const refusals: Record<Exclude<Verification['outcome'], 'valid'>, string> = {
  invalid_key: 'This is not a key of ours. Check that the whole key was copied.',
  revoked_key: 'This key was revoked. Sign in for a new one.',
  user_disabled: 'The owner of this key is disabled. Ask an administrator.',
  expired_key: 'This key has expired. Sign in for a new one.',
  insufficient_scope: 'This key does not carry every scope that was asked for.',
}

export function validateRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { verifyKey: VerifyKey; baseUrl: string },
): void {
  app.use('/v1/*', refusePlainHttp(dependencies.baseUrl))
  // The credential comes before everything else: who shows none learns nothing about the rest of the request.
  app.use('/v1/validate', async (c, next) => {
    presentedKey(c)
    await next()
  })

  app.openapi(validateByGet, async (c) =>
    c.json(await answer(presentedKey(c), c.req.valid('query').scope), 200),
  )

  app.openapi(validateByPost, async (c) => {
    await refuseBody(c.req.raw)
    return c.json(await answer(presentedKey(c), c.req.valid('query').scope), 200)
  })

  async function answer(key: string, scopes: string[]): Promise<z.infer<typeof wireValidation>> {
    const verification = await dependencies.verifyKey(key, scopes)
    if (verification.outcome === 'valid') return toWire(verification)
    throw new KeydeskError(verification.outcome, { message: refusals[verification.outcome] })
  }
}

function toWire({ key, owner }: Extract<Verification, { outcome: 'valid' }>): z.infer<typeof wireValidation> {
  return {
    valid: true,
    key: {
      id: key.id,
      name: key.name,
      scopes: effectiveScopes(key.scopes, owner.scopeLimit),
      expires_at: key.expiresAt?.toISOString() ?? null,
      created_at: key.createdAt.toISOString(),
      metadata: key.metadata,
    },
    user: {
      id: owner.id,
      email: owner.email,
      name: owner.name,
      role: owner.role,
      groups: owner.groups,
      kind: owner.kind,
    },
  }
}

/** A POST asks the same as a GET. A body would be something that we do not read, and so do not take; `{}` says nothing. */
async function refuseBody(request: Request): Promise<void> {
  const body = (await request.text()).trim()
  if (body === '' || body === '{}') return
  throw new KeydeskError('invalid_request', {
    message: 'This call takes no body: the key goes into a header, scopes into the query (?scope=a&scope=b).',
  })
}

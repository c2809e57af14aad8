import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { RotateSigningKey } from '../../services/rotate-signing-key.ts'
import { isAccepted, type SigningKeys } from '../../services/signing-keys.ts'
import type { AppEnvironment } from '../environment.ts'
import { adminProblems, jsonAnswer } from '../wire/answers.ts'
import { adminSecurity } from '../wire/security.ts'
import { toWireSigningKey, wireSigningKey } from '../wire/signing-key.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/signing-keys',
  summary: 'List the keys that sign JWTs, newest first',
  security: adminSecurity,
  request: { query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(
      z.object({ data: z.array(wireSigningKey) }),
      'The key that signs, and those whose JWTs are still accepted.',
    ),
    ...adminProblems(),
  },
})

const rotate = createRoute({
  method: 'post',
  path: '/admin/signing-keys/rotate',
  summary: 'Make a new key sign JWTs',
  description:
    'Every replica signs with it when this answers. JWTs of the one before are accepted, and its public half is published, for the life of a JWT (JWT_TTL) and a minute.',
  security: adminSecurity,
  request: { query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(wireSigningKey, 'The key that signs from now on.'),
    ...adminProblems('conflict'),
  },
})

export function adminSigningKeyRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { signingKeys: SigningKeys; rotateSigningKey: RotateSigningKey; now: () => Date },
): void {
  const { signingKeys, rotateSigningKey, now } = dependencies

  app.openapi(list, async (c) => {
    const { keys, signing } = await signingKeys.fresh()
    const shown = keys.filter((key) => isAccepted(key, now())).toReversed()
    return c.json({ data: shown.map((key) => toWireSigningKey(key, signing)) }, 200)
  })

  app.openapi(rotate, async (c) => {
    const key = await rotateSigningKey(c.get('grantor'), c.get('origin'))
    return c.json(toWireSigningKey(key, key), 200)
  })
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { KeydeskError } from '../../domain/errors.ts'
import { describeKey } from '../../services/describe-key.ts'
import type { VerifyKey } from '../../services/verify-key.ts'
import type { Storage } from '../../storage/storage.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import type { AppEnvironment } from '../environment.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { presentedKey } from '../presented-key.ts'
import { queryOf, readVerificationHeaders } from '../request-reading.ts'
import { jsonAnswer, problemAnswers } from '../wire/answers.ts'
import { toWireOwnKey, wireOwnKey } from '../wire/own-key.ts'
import { keySecurity } from '../wire/security.ts'

export const ownKeyPath = '/v1/key'

const read = createRoute({
  method: 'get',
  path: ownKeyPath,
  summary: 'What Keydesk knows of the very key that is sent, a dead one too',
  description:
    'Whoever holds the whole key learns its state, and why it was refused lately. It is no use of the key.',
  security: keySecurity,
  request: { query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(wireOwnKey, 'The key, and the last refusals of it.'),
    ...problemAnswers('missing_key', 'invalid_key', 'forbidden', 'rate_limited', 'overloaded'),
  },
})

/** So that the author of a script can help themselves. */
export function ownKeyRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    verifyKey: VerifyKey
    countFailure: CountFailure | null
    baseUrl: string
    now: () => Date
  },
): void {
  const { storage, verifyKey, countFailure, baseUrl, now } = dependencies
  app.use(ownKeyPath, refusePlainHttp(baseUrl))

  async function credentialOf(c: Context<AppEnvironment>): Promise<string> {
    const keyText = presentedKey(readVerificationHeaders(c), queryOf(c))
    if (!(keyText instanceof KeydeskError)) return keyText
    if (keyText.code !== 'missing_key') await refuseTooManyFailures(c, countFailure, c.get('caller').bucket)
    throw keyText
  }

  // Before the parameters are read: a key among them is a key in the URL, and not an unknown parameter.
  app.get(ownKeyPath, async (c, next) => {
    await credentialOf(c)
    await next()
  })

  app.openapi(read, async (c) => {
    const { address, bucket } = c.get('caller')
    const keyText = await credentialOf(c)
    const request = { keyText, scopes: [], groups: [], address, userAgent: undefined, isInspection: true }
    const verification = await verifyKey(request)
    if (verification.outcome === 'invalid_key') {
      await refuseTooManyFailures(c, countFailure, bucket)
      throw new KeydeskError('invalid_key', {
        message: 'This is not a key of ours. Check that the whole key was copied.',
      })
    }
    const reason = verification.outcome === 'valid' ? null : verification.outcome
    const description = await describeKey(storage, verification.record)
    return c.json(
      toWireOwnKey({
        ...description,
        reason,
        leaseUntil: 'leaseUntil' in verification ? verification.leaseUntil : null,
        now: now(),
      }),
      200,
    )
  })
}

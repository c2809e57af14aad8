import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ownedKey } from '../../services/owned-keys.ts'
import type { RetireKey } from '../../services/retire-key.ts'
import { type RevokeKeys, revokedAtOnceMax } from '../../services/revoke-keys.ts'
import { type RotateKey, usualTimes } from '../../services/rotate-key.ts'
import type { Storage } from '../../storage/storage.ts'
import { entityTag, wantedVersion } from '../entity-tag.ts'
import type { AppEnvironment } from '../environment.ts'
import { readOnce } from '../idempotency.ts'
import { requireJson } from '../middleware/require-json.ts'
import { adminProblems, changeProblems, jsonAnswer } from '../wire/answers.ts'
import { graceSeconds, id, idParameter, jsonBody, quietSeconds, revocationReason } from '../wire/inputs.ts'
import { toWireKey, wireKey } from '../wire/key.ts'
import { keyFilter, toKeyFilter } from '../wire/key-filter.ts'
import { adminSecurity } from '../wire/security.ts'

const rotated = z.object({
  key: wireKey.openapi({ description: 'The successor.' }),
  key_text: z.string().nullable().openapi({
    description: 'The successor itself, this once; null where the same request was answered before.',
  }),
  retiring: wireKey.openapi({ description: 'The old key, which goes on working until nobody uses it.' }),
})

const rotate = createRoute({
  method: 'post',
  path: '/admin/keys/{id}/rotate',
  summary: 'Mint the successor of a key, and let the old one live until nobody uses it any more',
  description:
    'The old key retires once the successor has been used and the old one has been quiet for `quiet_seconds`, and after `grace_seconds` at the latest.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    params: idParameter,
    query: z.strictObject({}),
    body: jsonBody(
      z.strictObject({
        quiet_seconds: quietSeconds.default(usualTimes.quietSeconds),
        grace_seconds: graceSeconds.default(usualTimes.graceSeconds),
      }),
    ),
  },
  responses: {
    200: jsonAnswer(rotated, 'The same request was answered before: `Idempotency-Replayed: true`.'),
    201: jsonAnswer(rotated, 'The successor, with its text this once.'),
    ...changeProblems(),
  },
})

const retire = createRoute({
  method: 'post',
  path: '/admin/keys/{id}/retire',
  summary: 'Retire a key now whose successor is there',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(wireKey, 'The key, which nobody accepts any more.'),
    ...adminProblems('not_found', 'conflict', 'precondition_failed'),
  },
})

const revokeMany = createRoute({
  method: 'post',
  path: '/admin/keys/revoke',
  summary: 'Revoke many keys at once',
  description: `By their ids, or by what they have in common. With \`dry_run\` only the number is answered. At most ${revokedAtOnceMax} keys.`,
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    query: z.strictObject({}),
    body: jsonBody(
      z
        .strictObject({
          ids: z.array(id).min(1).max(1000).optional(),
          filter: keyFilter.optional(),
          dry_run: z.boolean().default(false),
          reason: revocationReason.optional(),
        })
        .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
          message: 'give either ids or filter',
        })
        .refine(({ filter }) => filter === undefined || narrows(filter), {
          path: ['filter'],
          message: 'takes every key that there is: narrow it',
        }),
    ),
  },
  responses: {
    200: jsonAnswer(
      z.object({ count: z.int(), dry_run: z.boolean() }),
      'How many keys were revoked, or would be.',
    ),
    ...adminProblems('not_found', 'conflict', 'too_large', 'unsupported_media_type'),
  },
})

export function adminKeyRotationRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    rotateKey: RotateKey
    retireKey: RetireKey
    revokeKeys: RevokeKeys
    now: () => Date
  },
): void {
  const { storage, rotateKey, retireKey, revokeKeys, now } = dependencies

  app.openapi(revokeMany, async (c) => {
    const { ids, filter, dry_run: isDryRun, reason = null } = c.req.valid('json')
    const keys = filter === undefined ? { ids: ids ?? [] } : { filter: toKeyFilter(filter, now()) }
    const count = await revokeKeys(keys, { isDryRun, reason }, c.get('actor'), c.get('origin'))
    return c.json({ count, dry_run: isDryRun }, 200)
  })

  app.openapi(rotate, async (c) => {
    const { quiet_seconds: quiet, grace_seconds: grace } = c.req.valid('json')
    const once = await readOnce(c)
    const { successor, keyText, retiring } = await rotateKey(
      c.req.valid('param').id,
      { quietSeconds: quiet, graceSeconds: grace },
      c.get('grantor'),
      c.get('origin'),
      once,
      wantedVersion(c),
    )
    c.header('ETag', entityTag(successor))
    const answer = {
      key: toWireKey(await ownedKey(storage, successor), now()),
      key_text: keyText,
      retiring: toWireKey(await ownedKey(storage, retiring), now()),
    }
    if (keyText !== null) return c.json(answer, 201)
    c.header('Idempotency-Replayed', 'true')
    return c.json(answer, 200)
  })

  app.openapi(retire, async (c) => {
    const key = await retireKey(c.req.valid('param').id, c.get('actor'), c.get('origin'), wantedVersion(c))
    c.header('ETag', entityTag(key))
    return c.json(toWireKey(await ownedKey(storage, key), now()), 200)
  })
}

/** A status alone is all keys, or nearly. */
function narrows({ status: _, ...others }: z.output<typeof keyFilter>): boolean {
  return Object.values(others).some((value) => value !== undefined)
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { getKey } from '../../services/get-key.ts'
import { listKeys } from '../../services/list-keys.ts'
import type { MintKey } from '../../services/mint-key.ts'
import type { RevokeKey } from '../../services/revoke-key.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireJson } from '../middleware/require-json.ts'
import { adminProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import {
  grantableScopes,
  id,
  idParameter,
  instant,
  jsonBody,
  label,
  metadata,
  pageQuery,
  rateLimit,
} from '../wire/inputs.ts'
import { toWireKey, wireKey } from '../wire/key.ts'
import { toWireReceipt, wireReceipt } from '../wire/revocation-receipt.ts'
import { adminSecurity } from '../wire/security.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/keys',
  summary: 'List keys, newest first',
  security: adminSecurity,
  request: {
    query: pageQuery.extend({
      user_id: id.optional(),
      status: z.enum(['active', 'revoked', 'expired', 'all']).default('all'),
    }),
  },
  responses: {
    200: jsonAnswer(pageOf(wireKey), 'A page of keys.'),
    ...adminProblems(),
  },
})

const read = createRoute({
  method: 'get',
  path: '/admin/keys/{id}',
  summary: 'Read a key',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(wireKey, 'The key.'),
    ...adminProblems('not_found'),
  },
})

const mint = createRoute({
  method: 'post',
  path: '/admin/keys',
  summary: 'Mint a key for a user',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    query: z.strictObject({}),
    body: jsonBody(
      z
        .strictObject({
          user_id: id,
          name: label,
          scopes: grantableScopes.default([]),
          expires_at: instant.nullable().default(null),
          metadata: metadata.default({}),
          rate_limit: rateLimit.nullable().default(null),
        })
        .openapi('NewKey'),
    ),
  },
  responses: {
    201: jsonAnswer(z.object({ key: wireKey, key_text: z.string() }), 'The key, with its text this once.'),
    ...adminProblems('not_found', 'conflict', 'too_large', 'unsupported_media_type'),
  },
})

const revoke = createRoute({
  method: 'delete',
  path: '/admin/keys/{id}',
  summary: 'Revoke a key',
  description:
    'Answers when no replica accepts the key any more: each has confirmed the revocation, or its trust in its memory, which is two seconds long, has lapsed.',
  security: adminSecurity,
  request: {
    params: idParameter,
    query: z.strictObject({ receipt: z.enum(['true', 'false']).default('false') }),
  },
  responses: {
    200: jsonAnswer(
      wireReceipt,
      'With `receipt=true`: the key is revoked, and this is what each replica said.',
    ),
    204: { description: 'The key is revoked.' },
    ...adminProblems('not_found'),
  },
})

export function adminKeyRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { storage: Storage; mintKey: MintKey; revokeKey: RevokeKey; now: () => Date },
): void {
  const { storage, mintKey, revokeKey, now } = dependencies

  app.openapi(list, async (c) => {
    const { user_id, status, limit, cursor } = c.req.valid('query')
    const page = await listKeys(storage, { userId: user_id ?? null, status, limit, cursor, now: now() })
    return c.json({ data: page.rows.map((key) => toWireKey(key, now())), next_cursor: page.nextCursor }, 200)
  })

  app.openapi(read, async (c) =>
    c.json(toWireKey(await getKey(storage, c.req.valid('param').id), now()), 200),
  )

  app.openapi(mint, async (c) => {
    const { user_id, name, scopes, expires_at, metadata, rate_limit } = c.req.valid('json')
    const request = { userId: user_id, name, scopes, metadata, expiresAt: expires_at, rateLimit: rate_limit }
    const { key, keyText } = await mintKey(request, c.get('actor'), c.get('origin'))
    return c.json({ key: toWireKey(key, now()), key_text: keyText }, 201)
  })

  app.openapi(revoke, async (c) => {
    const receipt = await revokeKey(c.req.valid('param').id, c.get('actor'), c.get('origin'))
    return c.req.valid('query').receipt === 'true' ? c.json(toWireReceipt(receipt), 200) : c.body(null, 204)
  })
}

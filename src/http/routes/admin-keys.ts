import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ChangeKey } from '../../services/change-key.ts'
import { getKey } from '../../services/get-key.ts'
import { listKeys } from '../../services/list-keys.ts'
import type { MintKey } from '../../services/mint-key.ts'
import { ownedKey, ownedKeys } from '../../services/owned-keys.ts'
import type { RevokeKey } from '../../services/revoke-key.ts'
import type { Storage } from '../../storage/storage.ts'
import { entityTag, wantedVersion } from '../entity-tag.ts'
import type { AppEnvironment } from '../environment.ts'
import { readOnce } from '../idempotency.ts'
import { requireJson } from '../middleware/require-json.ts'
import { adminProblems, changeProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import {
  allowedAddresses,
  grantableScopes,
  id,
  idParameter,
  instant,
  jsonBody,
  label,
  metadata,
  pageQuery,
  rateLimit,
  revocationReason,
} from '../wire/inputs.ts'
import { toWireKey, wireKey } from '../wire/key.ts'
import { keyFilter, keySort, toKeyFilter } from '../wire/key-filter.ts'
import { toWireReceipt, wireReceipt } from '../wire/revocation-receipt.ts'
import { adminSecurity } from '../wire/security.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/keys',
  summary: 'List keys, newest first',
  description: 'Sorted by a time, a list holds the keys that have such a time.',
  security: adminSecurity,
  request: {
    query: pageQuery.extend({
      ...keyFilter.shape,
      sort: keySort,
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
    200: jsonAnswer(wireKey, 'The key. Its version is the ETag.'),
    ...adminProblems('not_found'),
  },
})

const minted = z.object({
  key: wireKey,
  key_text: z.string().nullable().openapi({
    description: 'The key itself, this once; null where the same request was answered before.',
  }),
})

const mint = createRoute({
  method: 'post',
  path: '/admin/keys',
  summary: 'Mint a key for a person or a service account',
  description:
    'With the header Idempotency-Key the same request makes one key, however often it is sent within a day.',
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
          allowed_addresses: allowedAddresses.nullable().default(null),
        })
        .openapi('NewKey'),
    ),
  },
  responses: {
    200: jsonAnswer(minted, 'The same request was answered before: `Idempotency-Replayed: true`.'),
    201: jsonAnswer(minted, 'The key, with its text this once.'),
    ...adminProblems('not_found', 'conflict', 'too_large', 'unsupported_media_type'),
  },
})

const change = createRoute({
  method: 'patch',
  path: '/admin/keys/{id}',
  summary: 'Change what a key is called, carries and is limited to',
  description: 'With If-Match only where nobody has changed the key since.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    params: idParameter,
    query: z.strictObject({}),
    body: jsonBody(
      z
        .strictObject({
          name: label.optional(),
          scopes: grantableScopes.optional(),
          expires_at: instant.nullable().optional(),
          metadata: metadata.optional(),
          rate_limit: rateLimit.nullable().optional(),
          allowed_addresses: allowedAddresses.nullable().optional(),
          retires_at: instant
            .optional()
            .openapi({ description: 'Of a retiring key: when it retires at the latest. Within a year.' }),
        })
        .openapi('KeyChange'),
    ),
  },
  responses: { 200: jsonAnswer(wireKey, 'The key, as it is now in force.'), ...changeProblems() },
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
    query: z.strictObject({
      receipt: z.enum(['true', 'false']).default('false'),
      reason: revocationReason.optional(),
    }),
  },
  responses: {
    200: jsonAnswer(
      wireReceipt,
      'With `receipt=true`: the key is revoked, and this is what each replica said.',
    ),
    204: { description: 'The key is revoked.' },
    ...adminProblems('not_found', 'precondition_failed'),
  },
})

export function adminKeyRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    mintKey: MintKey
    changeKey: ChangeKey
    revokeKey: RevokeKey
    now: () => Date
  },
): void {
  const { storage, mintKey, changeKey, revokeKey, now } = dependencies

  app.openapi(list, async (c) => {
    const { sort, limit, cursor, ...filter } = c.req.valid('query')
    const page = await listKeys(storage, { ...toKeyFilter(filter, now()), sort, limit, cursor })
    const owned = await ownedKeys(storage, page.rows)
    return c.json({ data: owned.map((one) => toWireKey(one, now())), next_cursor: page.nextCursor }, 200)
  })

  app.openapi(read, async (c) => {
    const key = await getKey(storage, c.req.valid('param').id)
    c.header('ETag', entityTag(key))
    return c.json(toWireKey(await ownedKey(storage, key), now()), 200)
  })

  app.openapi(mint, async (c) => {
    const { user_id, expires_at, rate_limit, allowed_addresses, ...rest } = c.req.valid('json')
    const request = {
      ...rest,
      userId: user_id,
      expiresAt: expires_at,
      rateLimit: rate_limit,
      allowedAddresses: allowed_addresses,
    }
    const once = await readOnce(c)
    const { key, keyText } = await mintKey(request, 'admin', c.get('grantor'), c.get('origin'), once)
    c.header('ETag', entityTag(key))
    const answer = { key: toWireKey(await ownedKey(storage, key), now()), key_text: keyText }
    if (keyText !== null) return c.json(answer, 201)
    c.header('Idempotency-Replayed', 'true')
    return c.json(answer, 200)
  })

  app.openapi(change, async (c) => {
    const { expires_at, rate_limit, allowed_addresses, retires_at, ...rest } = c.req.valid('json')
    const wanted = {
      ...rest,
      expiresAt: expires_at,
      rateLimit: rate_limit,
      allowedAddresses: allowed_addresses,
      retiresAt: retires_at,
    }
    const { id: keyId } = c.req.valid('param')
    const key = await changeKey(keyId, wanted, wantedVersion(c), c.get('grantor'), c.get('origin'))
    c.header('ETag', entityTag(key))
    return c.json(toWireKey(await ownedKey(storage, key), now()), 200)
  })

  app.openapi(revoke, async (c) => {
    const { receipt: wantsReceipt, reason = null } = c.req.valid('query')
    const options = { reason, version: wantedVersion(c) }
    const receipt = await revokeKey(c.req.valid('param').id, c.get('actor'), c.get('origin'), options)
    return wantsReceipt === 'true' ? c.json(toWireReceipt(receipt), 200) : c.body(null, 204)
  })
}

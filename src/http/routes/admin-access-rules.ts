import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { admitsAnybody } from '../../domain/access-policy.ts'
import type { Access, Allowlist, SettledRules } from '../../services/access-policies.ts'
import type { AddAccessRule } from '../../services/add-access-rule.ts'
import { describeAllowlist } from '../../services/describe-allowlist.ts'
import { listAccessRules } from '../../services/list-access-rules.ts'
import type { PreviewAccessRules } from '../../services/preview-access-rules.ts'
import type { RemoveAccessRule } from '../../services/remove-access-rule.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireJson } from '../middleware/require-json.ts'
import {
  accessRuleInput,
  newAccessRule,
  readAccessRule,
  toWireAccessRule,
  toWirePreview,
  wireAccessRule,
  wireAllowlist,
  wirePreview,
  wireSettledRule,
} from '../wire/access-rule.ts'
import { adminProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import { id, idParameter, jsonBody, pageQuery } from '../wire/inputs.ts'
import { adminSecurity } from '../wire/security.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/access-rules',
  summary: 'List who may come in: the rules of the database, newest first, and those of the settings',
  security: adminSecurity,
  request: { query: pageQuery },
  responses: {
    200: jsonAnswer(
      pageOf(wireAccessRule).extend({
        settings: z.array(wireSettledRule),
        sign_up: z.enum(['open', 'invited']),
        admits_anybody: z.boolean().openapi({
          description:
            'Whether any verified account may come in now: on loopback, or dangerously, while there is no allow rule.',
        }),
        allowlist: wireAllowlist.nullable(),
      }),
      'A page of rules.',
    ),
    ...adminProblems(),
  },
})

const add = createRoute({
  method: 'post',
  path: '/admin/access-rules',
  summary: 'Add a rule',
  description: 'A deny rule beats every allow rule. The first allow rule ends that anybody may come in.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    query: z.strictObject({}),
    body: jsonBody(newAccessRule),
  },
  responses: {
    201: jsonAnswer(wireAccessRule, 'The rule, in force.'),
    ...adminProblems('conflict', 'too_large', 'unsupported_media_type'),
  },
})

const preview = createRoute({
  method: 'post',
  path: '/admin/access-rules/preview',
  summary: 'Say what a change of the rules would do, before it is made',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    query: z.strictObject({}),
    body: jsonBody(
      z.strictObject({
        add: z.array(accessRuleInput).max(100).default([]),
        remove: z.array(id).max(100).default([]),
      }),
    ),
  },
  responses: {
    200: jsonAnswer(wirePreview, 'Who would be cut off. Nothing was changed.'),
    ...adminProblems('not_found', 'too_large', 'unsupported_media_type'),
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/admin/access-rules/{id}',
  summary: 'Remove a rule of the database',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    204: { description: 'The rule is gone, and no replica judges by it.' },
    ...adminProblems('not_found'),
  },
})

export function adminAccessRuleRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    access: Access
    providerIds: ReadonlySet<string>
    settled: SettledRules
    signUp: 'open' | 'invited'
    allowlist: Allowlist | null
    addAccessRule: AddAccessRule
    removeAccessRule: RemoveAccessRule
    previewAccessRules: PreviewAccessRules
    now: () => Date
  },
): void {
  const { storage, access, providerIds, settled, signUp, allowlist, now } = dependencies
  const { addAccessRule, removeAccessRule, previewAccessRules } = dependencies
  const settings = [
    ...settled.rules.map(({ kind, provider, value }) => ({ kind, provider, value })),
    ...settled.admins.map(({ provider, value }) => ({ kind: 'admin_email' as const, provider, value })),
  ]

  app.openapi(list, async (c) => {
    const page = await listAccessRules(storage, c.req.valid('query'))
    const state = allowlist === null ? null : await describeAllowlist(storage, allowlist, now())
    const answer = {
      data: page.rows.map(toWireAccessRule),
      next_cursor: page.nextCursor,
      settings,
      sign_up: signUp,
      admits_anybody: admitsAnybody((await access.fresh()).forSignIn()),
      allowlist:
        state === null
          ? null
          : {
              fetched_at: state.fetchedAt?.toISOString() ?? null,
              is_stale: state.isStale,
              domains: state.domains,
              emails: state.emails,
            },
    }
    return c.json(answer, 200)
  })

  app.openapi(add, async (c) => {
    const { note, ...written } = c.req.valid('json')
    const rule = await addAccessRule(
      readAccessRule(written, providerIds),
      note ?? null,
      c.get('actor'),
      c.get('origin'),
    )
    return c.json(toWireAccessRule(rule), 201)
  })

  app.openapi(preview, async (c) => {
    const change = c.req.valid('json')
    const result = await previewAccessRules(
      { add: change.add.map((written) => readAccessRule(written, providerIds)), remove: change.remove },
      c.get('callerId'),
    )
    return c.json(toWirePreview(result), 200)
  })

  app.openapi(remove, async (c) => {
    await removeAccessRule(c.req.valid('param').id, c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })
}

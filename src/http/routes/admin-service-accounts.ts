import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { CreateServiceAccount } from '../../services/create-service-account.ts'
import { listUsers } from '../../services/list-users.ts'
import { responsiblePeople, responsiblePerson } from '../../services/responsible-people.ts'
import type { Storage } from '../../storage/storage.ts'
import { entityTag } from '../entity-tag.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireJson } from '../middleware/require-json.ts'
import { adminProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import { groups, id, jsonBody, label, pageQuery, scopeLimit, searchText } from '../wire/inputs.ts'
import { adminSecurity } from '../wire/security.ts'
import { toWireUser, wireUser } from '../wire/user.ts'

/* A service account is a user: it is read, changed, disabled and erased at /admin/users/{id}, as every user is. */

const list = createRoute({
  method: 'get',
  path: '/admin/service-accounts',
  summary: 'List service accounts, newest first',
  security: adminSecurity,
  request: {
    query: pageQuery.extend({
      search: searchText.optional().openapi({ description: 'A part of the name.' }),
      status: z.enum(['active', 'disabled']).optional(),
      responsible_user_id: id.optional(),
      without_responsible: z
        .enum(['true', 'false'])
        .default('false')
        .openapi({ description: 'With `true` those alone for which nobody answers who is active.' }),
    }),
  },
  responses: {
    200: jsonAnswer(pageOf(wireUser), 'A page of service accounts.'),
    ...adminProblems(),
  },
})

const create = createRoute({
  method: 'post',
  path: '/admin/service-accounts',
  summary: 'Make a service account: an owner of keys for machines, for which a person answers',
  description:
    'Without `responsible_user_id` whoever asks answers for it. The master key is nobody: with it the field is needed as soon as an active person is there.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    query: z.strictObject({}),
    body: jsonBody(
      z
        .strictObject({
          name: label,
          groups: groups.default([]),
          scope_limit: scopeLimit.default(null),
          responsible_user_id: id
            .optional()
            .openapi({ description: 'The active person who answers for it. Default: whoever asks.' }),
        })
        .openapi('NewServiceAccount'),
    ),
  },
  responses: {
    201: jsonAnswer(wireUser, 'The service account. Its version is the ETag.'),
    ...adminProblems('too_large', 'unsupported_media_type'),
  },
})

export function adminServiceAccountRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { storage: Storage; createServiceAccount: CreateServiceAccount },
): void {
  const { storage, createServiceAccount } = dependencies

  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const { responsible_user_id: responsibleId, without_responsible: unanswered, ...others } = query
    const filter = { ...others, responsibleId, isUnanswered: unanswered === 'true' }
    const page = await listUsers(storage, { ...filter, kind: 'service' })
    const responsibleFor = await responsiblePeople(storage, page.rows)
    const data = page.rows.map((account) => toWireUser(account, responsibleFor(account)))
    return c.json({ data, next_cursor: page.nextCursor }, 200)
  })

  app.openapi(create, async (c) => {
    const { scope_limit: limit, responsible_user_id: named, ...others } = c.req.valid('json')
    const account = { ...others, scopeLimit: limit, responsibleId: named ?? c.get('callerId') }
    const user = await createServiceAccount(account, c.get('actor'), c.get('origin'))
    c.header('ETag', entityTag(user))
    return c.json(toWireUser(user, await responsiblePerson(storage, user)), 201)
  })
}

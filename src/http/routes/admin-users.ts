import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ChangeUser } from '../../services/change-user.ts'
import type { EraseUser } from '../../services/erase-user.ts'
import { getUser } from '../../services/get-user.ts'
import { listUsers } from '../../services/list-users.ts'
import { responsiblePeople, responsiblePerson } from '../../services/responsible-people.ts'
import type { RevokeEverything } from '../../services/revoke-everything.ts'
import type { Storage } from '../../storage/storage.ts'
import type { User } from '../../storage/users.ts'
import { entityTag, wantedVersion } from '../entity-tag.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireJson } from '../middleware/require-json.ts'
import { adminProblems, changeProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import {
  groups,
  id,
  idParameter,
  jsonBody,
  label,
  pageQuery,
  scopeLimit,
  searchText,
} from '../wire/inputs.ts'
import { adminSecurity } from '../wire/security.ts'
import { toWireIdentity, toWireUser, wireIdentity, wireUser } from '../wire/user.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/users',
  summary: 'List users, newest first',
  security: adminSecurity,
  request: {
    query: pageQuery.extend({
      search: searchText.optional().openapi({ description: 'A part of the name or of the email address.' }),
      status: z.enum(['active', 'disabled']).optional(),
      role: z.enum(['member', 'admin']).optional(),
      kind: z.enum(['person', 'service']).optional(),
    }),
  },
  responses: {
    200: jsonAnswer(pageOf(wireUser), 'A page of users.'),
    ...adminProblems(),
  },
})

const read = createRoute({
  method: 'get',
  path: '/admin/users/{id}',
  summary: 'Read a user',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(wireUser.extend({ identities: z.array(wireIdentity) }), 'The user and its identities.'),
    ...adminProblems('not_found'),
  },
})

const change = createRoute({
  method: 'patch',
  path: '/admin/users/{id}',
  summary: 'Change a person or a service account',
  description:
    'Disabling refuses every key and ends every session of the user on the next request; enabling brings the keys back. The last admin can be neither demoted nor disabled.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    params: idParameter,
    query: z.strictObject({}),
    body: jsonBody(
      z
        .strictObject({
          name: label.optional().openapi({ description: 'Of a service account.' }),
          role: z.enum(['member', 'admin']).optional(),
          status: z.enum(['active', 'disabled']).optional(),
          groups: groups.optional(),
          scope_limit: scopeLimit.optional(),
          responsible_user_id: id
            .optional()
            .openapi({ description: 'The active person who answers for a service account from now on.' }),
        })
        .openapi('UserChange'),
    ),
  },
  responses: { 200: jsonAnswer(wireUser, 'The user, as it is now in force.'), ...changeProblems() },
})

const erase = createRoute({
  method: 'delete',
  path: '/admin/users/{id}',
  summary: 'Erase a user',
  description:
    'Revokes every key, ends every session, and erases the profile. The audit trail keeps what happened, without who and where.',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    204: { description: 'The user is gone.' },
    ...adminProblems('not_found', 'conflict', 'precondition_failed'),
  },
})

const revoke = createRoute({
  method: 'post',
  path: '/admin/users/{id}/revoke-everything',
  summary: 'Revoke every key and end every session of a user, for good',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(
      z.object({ keys_revoked: z.int(), sessions_ended: z.int() }),
      'Nothing of it is accepted any more.',
    ),
    ...adminProblems('not_found', 'conflict'),
  },
})

export function adminUserRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    changeUser: ChangeUser
    eraseUser: EraseUser
    revokeEverything: RevokeEverything
  },
): void {
  const { storage, changeUser, eraseUser, revokeEverything } = dependencies

  app.openapi(list, async (c) => {
    const page = await listUsers(storage, c.req.valid('query'))
    const responsibleFor = await responsiblePeople(storage, page.rows)
    const data = page.rows.map((user) => toWireUser(user, responsibleFor(user)))
    return c.json({ data, next_cursor: page.nextCursor }, 200)
  })

  app.openapi(read, async (c) => {
    const { user, identities } = await getUser(storage, c.req.valid('param').id)
    c.header('ETag', entityTag(user))
    return c.json({ ...(await shown(user)), identities: identities.map(toWireIdentity) }, 200)
  })

  app.openapi(change, async (c) => {
    const { scope_limit: scopeLimit, responsible_user_id: responsibleId, ...others } = c.req.valid('json')
    const { id } = c.req.valid('param')
    const wanted = { ...others, scopeLimit, responsibleId }
    const user = await changeUser(id, wanted, wantedVersion(c), c.get('grantor'), c.get('origin'))
    c.header('ETag', entityTag(user))
    return c.json(await shown(user), 200)
  })

  app.openapi(erase, async (c) => {
    await eraseUser(c.req.valid('param').id, wantedVersion(c), c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })

  app.openapi(revoke, async (c) => {
    const revoked = await revokeEverything(c.req.valid('param').id, c.get('actor'), c.get('origin'))
    return c.json({ keys_revoked: revoked.keysRevoked, sessions_ended: revoked.sessionsEnded }, 200)
  })

  async function shown(user: User) {
    return toWireUser(user, await responsiblePerson(storage, user))
  }
}

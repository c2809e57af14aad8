import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { getUser } from '../../services/get-user.ts'
import { listUsers } from '../../services/list-users.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AppEnvironment } from '../environment.ts'
import { jsonAnswer, problemAnswers } from '../wire/answers.ts'
import { idParameter, pageLimit } from '../wire/inputs.ts'
import { toWireIdentity, toWireUser, wireIdentity, wireUser } from '../wire/user.ts'

const security = [{ masterKey: [] }]

const list = createRoute({
  method: 'get',
  path: '/admin/users',
  summary: 'List users, newest first',
  security,
  request: { query: z.strictObject({ limit: pageLimit, cursor: z.string().max(200).optional() }) },
  responses: {
    200: jsonAnswer(
      z.object({ data: z.array(wireUser), next_cursor: z.string().nullable() }),
      'A page of users.',
    ),
    ...problemAnswers('unauthenticated'),
  },
})

const read = createRoute({
  method: 'get',
  path: '/admin/users/{id}',
  summary: 'Read a user',
  security,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(wireUser.extend({ identities: z.array(wireIdentity) }), 'The user and its identities.'),
    ...problemAnswers('unauthenticated', 'not_found'),
  },
})

export function adminUserRoutes(app: OpenAPIHono<AppEnvironment>, dependencies: { storage: Storage }): void {
  const { storage } = dependencies

  app.openapi(list, async (c) => {
    const page = await listUsers(storage, c.req.valid('query'))
    return c.json({ data: page.rows.map(toWireUser), next_cursor: page.nextCursor }, 200)
  })

  app.openapi(read, async (c) => {
    const { user, identities } = await getUser(storage, c.req.valid('param').id)
    return c.json({ ...toWireUser(user), identities: identities.map(toWireIdentity) }, 200)
  })
}

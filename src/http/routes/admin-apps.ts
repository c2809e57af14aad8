import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AddApp } from '../../services/add-app.ts'
import type { ChangeApp } from '../../services/change-app.ts'
import { getApp } from '../../services/get-app.ts'
import { listApps } from '../../services/list-apps.ts'
import type { RemoveApp } from '../../services/remove-app.ts'
import type { Storage } from '../../storage/storage.ts'
import { entityTag, wantedVersion } from '../entity-tag.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireJson } from '../middleware/require-json.ts'
import { adminProblems, changeProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import { appChange, newApp, readApp, toWireApp, wireApp } from '../wire/app.ts'
import { idParameter, jsonBody, pageQuery } from '../wire/inputs.ts'
import { adminSecurity } from '../wire/security.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/apps',
  summary: 'List the apps behind the proxies, newest first',
  security: adminSecurity,
  request: { query: pageQuery },
  responses: {
    200: jsonAnswer(
      pageOf(wireApp).extend({
        unknown_host: z.enum(['allow', 'deny']).openapi({
          description:
            'What happens at a host that no app is about, as UNKNOWN_HOST says: any signed-in user passes, or nobody.',
        }),
      }),
      'A page of apps.',
    ),
    ...adminProblems(),
  },
})

const add = createRoute({
  method: 'post',
  path: '/admin/apps',
  summary: 'Add an app: who may reach a host, or paths of it, through a proxy',
  description:
    'From then on only those reach the host that its apps let in, and of several apps of a host the longest path decides. A path of the host that no app is about is closed.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: { query: z.strictObject({}), body: jsonBody(newApp) },
  responses: {
    201: jsonAnswer(wireApp, 'The app, in force.'),
    ...adminProblems('conflict', 'too_large', 'unsupported_media_type'),
  },
})

const read = createRoute({
  method: 'get',
  path: '/admin/apps/{id}',
  summary: 'Read an app',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: { 200: jsonAnswer(wireApp, 'The app.'), ...adminProblems('not_found') },
})

const change = createRoute({
  method: 'patch',
  path: '/admin/apps/{id}',
  summary: 'Change an app',
  description: 'What is not given stays as it is; a list that is given replaces the one before.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: { params: idParameter, query: z.strictObject({}), body: jsonBody(appChange) },
  responses: { 200: jsonAnswer(wireApp, 'The app, as it is now in force.'), ...changeProblems() },
})

const remove = createRoute({
  method: 'delete',
  path: '/admin/apps/{id}',
  summary: 'Remove an app',
  description: 'A host that no app is about any more is an unknown one, which UNKNOWN_HOST=allow opens.',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    204: { description: 'The app is gone, and no replica judges by it.' },
    ...adminProblems('not_found', 'conflict', 'precondition_failed'),
  },
})

export function adminAppRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    addApp: AddApp
    changeApp: ChangeApp
    removeApp: RemoveApp
    unknownHost: 'allow' | 'deny'
  },
): void {
  const { storage, addApp, changeApp, removeApp, unknownHost } = dependencies

  app.openapi(list, async (c) => {
    const page = await listApps(storage, c.req.valid('query'))
    const answer = { data: page.rows.map(toWireApp), next_cursor: page.nextCursor, unknown_host: unknownHost }
    return c.json(answer, 200)
  })

  app.openapi(add, async (c) => {
    const made = await addApp(readApp(c.req.valid('json')), c.get('actor'), c.get('origin'))
    c.header('ETag', entityTag(made))
    return c.json(toWireApp(made), 201)
  })

  app.openapi(read, async (c) => {
    const found = await getApp(storage, c.req.valid('param').id)
    c.header('ETag', entityTag(found))
    return c.json(toWireApp(found), 200)
  })

  app.openapi(change, async (c) => {
    const wanted = readApp(c.req.valid('json'))
    const { id } = c.req.valid('param')
    const changed = await changeApp(id, wanted, wantedVersion(c), c.get('actor'), c.get('origin'))
    c.header('ETag', entityTag(changed))
    return c.json(toWireApp(changed), 200)
  })

  app.openapi(remove, async (c) => {
    await removeApp(c.req.valid('param').id, wantedVersion(c), c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })
}

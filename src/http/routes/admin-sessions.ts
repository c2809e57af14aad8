import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { EndSessions } from '../../services/end-sessions.ts'
import { findLiveUser } from '../../services/find-live-user.ts'
import { listSessions } from '../../services/list-sessions.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AppEnvironment } from '../environment.ts'
import { adminProblems, jsonAnswer } from '../wire/answers.ts'
import { id, idParameter } from '../wire/inputs.ts'
import { adminSecurity } from '../wire/security.ts'
import { toWireSession, wireSession } from '../wire/session.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/users/{id}/sessions',
  summary: 'List the live sessions of a user, newest first',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(z.object({ data: z.array(wireSession), next_cursor: z.null() }), 'The sessions.'),
    ...adminProblems('not_found'),
  },
})

const endOfUser = createRoute({
  method: 'delete',
  path: '/admin/users/{id}/sessions',
  summary: 'Sign a user out everywhere',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    204: { description: 'The sessions of the user are over.' },
    ...adminProblems('not_found'),
  },
})

const endOne = createRoute({
  method: 'delete',
  path: '/admin/users/{id}/sessions/{session_id}',
  summary: 'Sign a user out of one browser',
  security: adminSecurity,
  request: { params: idParameter.extend({ session_id: id }), query: z.strictObject({}) },
  responses: {
    204: { description: 'The session is over.' },
    ...adminProblems('not_found'),
  },
})

const endAll = createRoute({
  method: 'delete',
  path: '/admin/sessions',
  summary: 'Sign everybody out everywhere',
  security: adminSecurity,
  request: { query: z.strictObject({}) },
  responses: {
    204: { description: 'All sessions are over, the caller’s among them.' },
    ...adminProblems(),
  },
})

export function adminSessionRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { storage: Storage; endSessions: EndSessions; idleSecondsMax: number; now: () => Date },
): void {
  const { storage, endSessions, idleSecondsMax, now } = dependencies

  app.openapi(list, async (c) => {
    const user = await findLiveUser(storage, c.req.valid('param').id)
    const sessions = await listSessions(storage, user.id, { idleSecondsMax, now: now() })
    return c.json({ data: sessions.map(toWireSession), next_cursor: null }, 200)
  })

  app.openapi(endOne, async (c) => {
    const { id: userId, session_id: sessionId } = c.req.valid('param')
    await endSessions.endOne(userId, sessionId, c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })

  app.openapi(endOfUser, async (c) => {
    await endSessions.endOfUser(c.req.valid('param').id, c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })

  app.openapi(endAll, async (c) => {
    await endSessions.endAll(c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { EndSessions } from '../../services/end-sessions.ts'
import { type ReadSession, requireSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import { wantsPage } from '../problem.ts'
import type { SessionCookies } from '../session-cookies.ts'
import { jsonAnswer, problemAnswers } from '../wire/answers.ts'
import { toWireSessionState, wireSessionState } from '../wire/session.ts'

const read = createRoute({
  method: 'get',
  path: '/auth/session',
  summary: 'Who is signed in, for front ends',
  security: [{ session: [] }],
  request: { query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(wireSessionState, 'The user of this browser’s session.'),
    ...problemAnswers('unauthenticated', 'user_disabled', 'owner_not_allowed', 'rate_limited'),
  },
})

const signedOut = {
  204: { description: 'Signed out.' },
  303: { description: 'The same for a browser: to the front page.' },
  ...problemAnswers('forbidden', 'rate_limited'),
}

const logOut = createRoute({
  method: 'post',
  path: '/auth/logout',
  summary: 'Sign out this browser',
  security: [{ session: [] }, {}],
  request: { query: z.strictObject({}) },
  responses: signedOut,
})

const logOutEverywhere = createRoute({
  method: 'post',
  path: '/auth/logout/everywhere',
  summary: 'Sign out of every browser',
  security: [{ session: [] }, {}],
  request: { query: z.strictObject({}) },
  responses: signedOut,
})

export function sessionRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { readSession: ReadSession; endSessions: EndSessions; sessionCookies: SessionCookies },
): void {
  const { readSession, endSessions, sessionCookies } = dependencies

  app.openapi(read, async (c) => c.json(toWireSessionState(requireSession(await readSession(c))), 200))

  app.openapi(logOut, async (c) => {
    const secret = sessionCookies.shown(c)
    if (secret !== undefined) await endSessions.endShown(secret, c.get('origin'))
    return leave(c)
  })

  app.openapi(logOutEverywhere, async (c) => {
    const secret = sessionCookies.shown(c)
    if (secret !== undefined) await endSessions.endEverywhere(secret, c.get('origin'))
    return leave(c)
  })

  function leave(c: Context<AppEnvironment>) {
    sessionCookies.clear(c)
    // Not "cookies": that would sign people out of the apps on sibling subdomains.
    c.header('Clear-Site-Data', '"cache", "storage"')
    return wantsPage(c.req.header('accept')) ? c.redirect('/', 303) : c.body(null, 204)
  }
}

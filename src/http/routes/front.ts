import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Access } from '../../services/access-policies.ts'
import type { ReadSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import type { Pages } from '../pages.ts'
import type { WhoMaySignIn } from '../who-may-sign-in.ts'
import { pageAnswer, problemAnswers } from '../wire/answers.ts'

const frontPage = createRoute({
  method: 'get',
  path: '/',
  summary: 'The front page',
  responses: {
    200: pageAnswer('What this is, who may come in, and the ways in; or who is signed in.'),
    ...problemAnswers(),
  },
})

export function frontRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    pages: Pages
    access: Access
    whoMaySignIn: WhoMaySignIn
    readSession: ReadSession
  },
): void {
  const { pages, access, whoMaySignIn, readSession } = dependencies

  app.openapi(frontPage, async (c) => {
    const reading = await readSession(c)
    const who = whoMaySignIn(await access.fresh())
    const current = reading.outcome === 'valid' ? reading : null
    return c.html(pages.front(who, current, c.get('requestId')), 200)
  })
}

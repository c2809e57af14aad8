import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnvironment } from '../environment.ts'
import type { Pages } from '../pages.ts'
import { pageAnswer } from '../wire/answers.ts'

const frontPage = createRoute({
  method: 'get',
  path: '/',
  summary: 'The front page',
  responses: { 200: pageAnswer('What this is, who may come in, and the one button.') },
})

export function frontRoutes(app: OpenAPIHono<AppEnvironment>, dependencies: { pages: Pages }): void {
  app.openapi(frontPage, (c) => c.html(dependencies.pages.front(c.get('requestId')), 200))
}

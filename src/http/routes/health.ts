import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnvironment } from '../environment.ts'
import { jsonAnswer, problemAnswers } from '../wire/answers.ts'

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether the process runs',
  responses: { 200: jsonAnswer(z.object({ status: z.literal('ok') }), 'The process answers.') },
})

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether requests can be answered',
  responses: {
    200: jsonAnswer(
      z.object({ status: z.literal('ready') }),
      'The database answers and its tables are up to date.',
    ),
    ...problemAnswers('unavailable'),
  },
})

export function healthRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { checkReadiness: () => Promise<void> },
): void {
  app.openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))

  app.openapi(readyz, async (c) => {
    await dependencies.checkReadiness()
    return c.json({ status: 'ready' as const }, 200)
  })
}

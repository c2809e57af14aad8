import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { equalInConstantTime } from '../../domain/constant-time.ts'
import { KeydeskError } from '../../domain/errors.ts'
import type { Metrics } from '../../services/metrics.ts'
import { bearerToken } from '../bearer-token.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import type { AppEnvironment } from '../environment.ts'
import { problemAnswers } from '../wire/answers.ts'

const read = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Counters and timers in the Prometheus text format',
  security: [{ metricsToken: [] }],
  responses: {
    200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } },
    ...problemAnswers('unauthenticated', 'rate_limited'),
  },
})

/** On the public listener the metrics want a token of their own; without one configured they are not there. */
export function metricsRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { metrics: Metrics; token: string; countFailure: CountFailure | null },
): void {
  const { metrics, token, countFailure } = dependencies

  app.openapi(read, async (c) => {
    const authorization = c.req.header('authorization')
    const shown = bearerToken(authorization)
    if (shown === undefined || !equalInConstantTime(shown, token)) {
      if (authorization !== undefined) await refuseTooManyFailures(c, countFailure, c.get('caller').bucket)
      throw new KeydeskError('unauthenticated', {
        message: 'Send the header Authorization: Bearer <METRICS_TOKEN>.',
      })
    }
    return c.text(await metrics.text(), 200, { 'Content-Type': metrics.contentType })
  })
}

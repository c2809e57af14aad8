import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { auditActions } from '../../domain/audit-event.ts'
import { listAuditEvents } from '../../services/list-audit-events.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AppEnvironment } from '../environment.ts'
import { adminProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import { toWireAuditEvent, wireAuditEvent } from '../wire/audit-event.ts'
import { id, instant, pageQuery } from '../wire/inputs.ts'
import { adminSecurity } from '../wire/security.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/audit',
  summary: 'Read the audit trail, newest first',
  security: adminSecurity,
  request: {
    query: pageQuery.extend({
      action: z.enum(auditActions).optional(),
      actor: id.optional(),
      target: id.optional(),
      since: instant.optional(),
      until: instant.optional(),
    }),
  },
  responses: {
    200: jsonAnswer(pageOf(wireAuditEvent), 'A page of events.'),
    ...adminProblems(),
  },
})

export function adminAuditRoutes(app: OpenAPIHono<AppEnvironment>, dependencies: { storage: Storage }): void {
  app.openapi(list, async (c) => {
    const page = await listAuditEvents(dependencies.storage, c.req.valid('query'))
    return c.json({ data: page.rows.map(toWireAuditEvent), next_cursor: page.nextCursor }, 200)
  })
}

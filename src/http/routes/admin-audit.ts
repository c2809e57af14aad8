import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { exportAudit } from '../../services/export-audit.ts'
import { createPlaces, type TakePlace } from '../../services/limit-at-once.ts'
import { listAuditEvents } from '../../services/list-audit-events.ts'
import { createTurns, type InTurn } from '../../services/take-turns.ts'
import type { VerifyAudit } from '../../services/verify-audit.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AppEnvironment } from '../environment.ts'
import { describeCause } from '../problem.ts'
import { streamLines } from '../stream-lines.ts'
import { adminProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import {
  toWireAuditEvent,
  toWireAuditVerdict,
  toWireExportedEvent,
  wireAuditEvent,
  wireAuditVerdict,
  wireExportedEvent,
} from '../wire/audit-event.ts'
import { auditFilter, toConditions } from '../wire/audit-filter.ts'
import { id, pageQuery } from '../wire/inputs.ts'
import { adminSecurity } from '../wire/security.ts'

const list = createRoute({
  method: 'get',
  path: '/admin/audit',
  summary: 'Read the audit trail, newest first',
  security: adminSecurity,
  request: { query: pageQuery.extend(auditFilter) },
  responses: {
    200: jsonAnswer(pageOf(wireAuditEvent), 'A page of events.'),
    ...adminProblems(),
  },
})

const exportAll = createRoute({
  method: 'get',
  path: '/admin/audit/export',
  summary: 'Read the whole audit trail with its seals, oldest first',
  description:
    'One event a line, as it is now. Whatever goes wrong after the first line breaks the connection: an answer that ends well is whole.',
  security: adminSecurity,
  request: { query: z.strictObject(auditFilter) },
  responses: {
    200: {
      description: 'The events, one a line.',
      content: { 'application/x-ndjson': { schema: wireExportedEvent } },
    },
    ...adminProblems(),
  },
})

const headSeq = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'must be a whole number')
  .transform(Number)

const verify = createRoute({
  method: 'get',
  path: '/admin/audit/verify',
  summary: 'Prove that nobody changed the audit trail',
  description:
    'Recomputes every seal. Give `head_seq` and `head_seal`, which a former answer or the log told, to learn whether the trail still goes on from there: nothing else can show that its end was cut off.',
  security: adminSecurity,
  request: {
    query: z
      .strictObject({ head_seq: headSeq.optional(), head_seal: id.optional() })
      .refine((query) => (query.head_seq === undefined) === (query.head_seal === undefined), {
        path: ['head_seal'],
        error: 'goes with head_seq: give both or none',
      }),
  },
  responses: {
    200: jsonAnswer(wireAuditVerdict, 'What was found: that the chain is intact, or where it first breaks.'),
    ...adminProblems(),
  },
})

const exportsAtOnceMax = 4

export function adminAuditRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: { storage: Storage; verifyAudit: VerifyAudit },
): void {
  const { storage, verifyAudit } = dependencies
  const inTurn = createTurns()
  const takePlace = createPlaces(exportsAtOnceMax)

  app.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query')
    const page = await listAuditEvents(storage, { limit, cursor, ...toConditions(filter) })
    return c.json({ data: page.rows.map(toWireAuditEvent), next_cursor: page.nextCursor }, 200)
  })

  app.openapi(exportAll, async (c) => {
    const pages = eachInTurn(exportAudit(storage, toConditions(c.req.valid('query'))), inTurn, takePlace)
    // What is wrong from the start is an answer of its own.
    const first = await pages.next()
    const log = c.get('log')
    const { socket } = c.env?.incoming ?? {}
    const stream = streamLines(afterFirst(first, pages), toWireExportedEvent, (error) => {
      log.error({ cause: describeCause(error) }, 'an export of the audit trail was cut off')
      socket?.destroy?.()
      return socket?.destroy !== undefined
    })
    const response = c.body(stream, 200, {
      'Content-Type': 'application/x-ndjson',
      'Content-Disposition': 'attachment; filename="audit.ndjson"',
    })
    // Guarantee: the types of routes know no streams; what is in it has the declared schema.
    return response as never
  })

  app.openapi(verify, async (c) => {
    const { head_seq: seq, head_seal: seal } = c.req.valid('query')
    const known = seq === undefined || seal === undefined ? undefined : { seq, seal }
    return c.json(toWireAuditVerdict(await verifyAudit({ known, signal: c.req.raw.signal })), 200)
  })
}

/** A page is read when no other export reads one. Whoever stops asking gives the place back. */
async function* eachInTurn<Page>(pages: AsyncGenerator<Page, void>, inTurn: InTurn, takePlace: TakePlace) {
  const leave = takePlace()
  try {
    for (;;) {
      const page = await inTurn(() => pages.next())
      if (page.done === true) return
      yield page.value
    }
  } finally {
    leave()
    await pages.return()
  }
}

async function* afterFirst<Page>(first: IteratorResult<Page, void>, pages: AsyncGenerator<Page, void>) {
  if (first.done === true) return
  yield first.value
  yield* pages
}

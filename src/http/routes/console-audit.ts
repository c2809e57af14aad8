import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { AuditPage, type AuditPageProps } from '../../../templates/console/audit-page.tsx'
import { withQuery } from '../../../templates/data-table.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { auditActions } from '../../domain/audit-event.ts'
import { listAuditEvents } from '../../services/list-audit-events.ts'
import { type NameParty, nameParties } from '../../services/name-parties.ts'
import type { AuditVerdict, VerifyAudit } from '../../services/verify-audit.ts'
import type { AuditRow } from '../../storage/audit.ts'
import type { AppEnvironment } from '../environment.ts'
import { readQuery } from '../read-query.ts'
import { submitForm } from '../submit-form.ts'
import { auditFilter, toConditions } from '../wire/audit-filter.ts'
import { pageQuery } from '../wire/inputs.ts'
import type { ConsoleDependencies } from './console.ts'

/** A day as a date field sends it. */
const day = z.iso
  .date({ error: 'is not a day such as 2027-01-31' })
  .refine((text) => text >= '1970-01-01' && text <= '9998-12-31', 'is not a day of these times')

/** So many rows make a page of less than 30 KB. */
const rowsOnPage = 25

const query = pageQuery
  .omit({ limit: true })
  .extend({ ...auditFilter, since: day.optional(), until: day.optional() })
  .refine(({ since = '', until }) => until === undefined || since <= until, {
    path: ['since'],
    message: 'is later than until',
  })

const factMax = 300
const msPerDay = 86_400_000

/** The audit trail: what happened, and whether somebody changed the tale. */
export function consoleAuditRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & { verifyAudit: VerifyAudit },
): void {
  const { storage, forms, makeFrame, verifyAudit } = dependencies

  app.get('/console/audit', async (c) => c.html(await show(c)))

  // It takes a while: so it is asked for with a form, and not by an address that a link could name.
  app.post('/console/audit/check', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({}),
      async () => {
        const verdict = await verifyAudit({ signal: c.req.raw.signal })
        return c.html(await show(c, undefined, inWords(verdict)))
      },
      (_, notice) => show(c, notice),
    ),
  )

  async function show(
    c: Context<AppEnvironment>,
    notice?: NoticeProps,
    verdict: AuditPageProps['verdict'] = null,
  ): Promise<string> {
    const { cursor, since, until, ...others } = readQuery(c, query)
    const conditions = {
      ...others,
      since: since === undefined ? undefined : new Date(since),
      // To the end of that day.
      until: until === undefined ? undefined : new Date(Date.parse(until) + msPerDay),
    }
    const { rows, nextCursor } = await listAuditEvents(storage, {
      limit: rowsOnPage,
      cursor,
      ...toConditions(conditions),
    })
    const name = await nameParties(
      storage,
      rows.flatMap(({ event }) => [event.actor, event.target, ownerIn(event.facts)]),
    )
    return renderPage(
      AuditPage({
        frame: makeFrame(c, notice),
        events: rows.map((row) => toProps(row, name)),
        actions: auditActions,
        query: texts({ ...others, since, until, cursor }),
        next: nextCursor,
        exportHref: withQuery(
          '/admin/audit/export',
          texts({
            ...others,
            since: conditions.since?.toISOString(),
            until: conditions.until?.toISOString(),
          }),
        ),
        verdict,
      }),
    )
  }
}

function toProps({ event, details }: AuditRow, name: NameParty): AuditPageProps['events'][number] {
  const { action, actor, target, facts, requestId, at } = event
  return {
    action,
    actor: name(actor),
    target: target === null ? null : name(target),
    facts: Object.entries(facts).flatMap(([fact, value]) => {
      const text = fact === 'user_id' ? ownerText(facts, name) : textOf(value)
      return text === '' ? [] : [[fact === 'user_id' ? 'owner' : fact, text] as const]
    }),
    email: details?.email ?? null,
    address: details?.address ?? null,
    userAgent: details?.userAgent ?? null,
    requestId,
    at,
  }
}

/** Whose key it was. */
function ownerIn({ user_id }: Readonly<Record<string, unknown>>): string | null {
  return typeof user_id === 'string' ? `user:${user_id}` : null
}

function ownerText(facts: Readonly<Record<string, unknown>>, name: NameParty): string {
  const owner = ownerIn(facts)
  return owner === null ? '' : name(owner).label
}

/** Empty for what says nothing. */
function textOf(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > factMax ? `${text.slice(0, factMax)}…` : text
}

/** Without what is not there. */
function texts(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function inWords({ firstBreak, events, sealed, head }: AuditVerdict): NonNullable<AuditPageProps['verdict']> {
  if (firstBreak !== null) {
    const { seq, problem } = firstBreak
    const where = `The first break is at event ${seq}: ${problem.replaceAll('_', ' ')}.`
    return {
      isIntact: false,
      text: `${where} Somebody changed the database behind Keydesk, or restored an older state of it.`,
    }
  }
  const waiting = events - sealed
  const said = [
    `${sealed.toLocaleString('en')} sealed events were checked, and none was changed or taken out.`,
    ...(waiting > 0 ? [`${waiting.toLocaleString('en')} more wait to be sealed.`] : []),
    ...(head === null ? [] : [`The head is event ${head.seq}.`]),
  ]
  return { isIntact: true, text: said.join(' ') }
}

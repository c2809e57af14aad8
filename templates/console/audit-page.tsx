import { Ago } from '../ago.tsx'
import { DataTable, Pager } from '../data-table.tsx'
import { Form } from '../form.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { EventFacts, EventOrigin } from './event-details.tsx'
import { EventSentence, type PartyProps } from './event-sentence.tsx'

export type AuditPageProps = {
  frame: ConsoleFrame
  events: readonly {
    action: string
    actor: PartyProps
    target: PartyProps | null
    /** Facts by name, as text. */
    facts: readonly (readonly [string, string])[]
    email: string | null
    address: string | null
    userAgent: string | null
    requestId: string | null
    at: Date
  }[]
  actions: readonly string[]
  /** The filters as they were sent. */
  query: Record<string, string>
  next: string | null
  exportHref: string
  /** What a check of the chain found; null where none was asked for. */
  verdict: { isIntact: boolean; text: string } | null
}

/** Who did what, when and from where. */
export function AuditPage({ frame, events, actions, query, next, exportHref, verdict }: AuditPageProps) {
  const { cursor: _, ...filters } = query
  const isFiltered = Object.values(filters).some((value) => value !== '')
  return (
    <ConsoleLayout frame={frame} section="audit" title="Audit">
      {verdict && (
        <p
          class={verdict.isIntact ? 'notice done' : 'notice problem'}
          role={verdict.isIntact ? 'status' : 'alert'}
        >
          <strong>{verdict.isIntact ? 'The chain is whole.' : 'The chain is broken.'}</strong> {verdict.text}
        </p>
      )}
      <AuditFilters actions={actions} query={query} />
      <DataTable
        caption="Events, newest first"
        columns={['What', 'Details', 'From', 'When']}
        rows={events.map((event) => [
          <EventSentence {...event} />,
          <EventFacts facts={event.facts} action={event.action} requestId={event.requestId} />,
          <EventOrigin address={event.address} userAgent={event.userAgent} />,
          <Ago at={event.at} now={frame.now} />,
        ])}
        empty={
          isFiltered ? (
            <p>
              Nothing of this kind has happened. <a href="/console/audit">Show everything</a>
            </p>
          ) : (
            <p>Nothing has happened yet.</p>
          )
        }
      />
      <Pager path="/console/audit" query={query} next={next} />
      <div class="actions">
        <a class="button" href={exportHref} download="audit.ndjson">
          {isFiltered ? 'Export these events' : 'Export all events'}
        </a>
        <Form action="/console/audit/check" token={frame.token}>
          <button type="submit" class="button">
            Check the chain
          </button>
        </Form>
      </div>
      <p class="quiet">
        The export is NDJSON, one event a line. Each event is sealed into a chain: the check says whether any
        was changed or taken out.
      </p>
    </ConsoleLayout>
  )
}

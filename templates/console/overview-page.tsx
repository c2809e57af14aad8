import type { Child } from 'hono/jsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { ExpiringKeys, RefusedKeys, TurnedAway } from './desk-news.tsx'
import { type HourBars, HourChart, inFigures } from './hour-chart.tsx'
import { refusalWords } from './refusal-words.ts'

export type OverviewPageProps = {
  frame: ConsoleFrame
  people: number
  liveKeys: number
  serviceAccounts: number
  verifications: HourBars
  refusals: HourBars
  /** The most frequent first. */
  reasons: readonly { reason: string; count: number }[]
  /** What an admin should look at. */
  hints: readonly { text: string; href: string | null; link: string | null }[]
  expiring: Parameters<typeof ExpiringKeys>[0]
  refusedKeys: Parameters<typeof RefusedKeys>[0]['refusals']
  turnedAway: Parameters<typeof TurnedAway>[0]['events']
}

/** How the desk stands. */
export function OverviewPage(props: OverviewPageProps) {
  const { frame, people, liveKeys, serviceAccounts, hints, reasons } = props
  return (
    <ConsoleLayout frame={frame} section="overview" title="Overview">
      {people <= 1 && liveKeys === 0 && <FirstSteps />}
      <div class="tiles">
        <Tile label="People" count={people}>
          <a href="/console/users">All users</a>
        </Tile>
        <Tile label="Live keys" count={liveKeys}>
          <a href="/console/keys">All keys</a>
        </Tile>
        <Tile label="Service accounts" count={serviceAccounts}>
          <a href="/console/service-accounts">All service accounts</a>
        </Tile>
      </div>
      <div class="tiles">
        <Tile label="Verifications in the last 24 hours" count={total(props.verifications)}>
          <HourChart of="Verifications" hours={props.verifications} />
        </Tile>
        <Tile label="Refusals in the last 24 hours" count={total(props.refusals)}>
          <HourChart of="Refusals" hours={props.refusals} bad />
          {reasons.length > 0 && (
            <p class="quiet">
              {reasons.map(({ reason, count }) => `${inFigures(count)} ${refusalWords(reason)}`).join(' · ')}
            </p>
          )}
        </Tile>
      </div>
      {hints.length > 0 && (
        <>
          <h2>Worth a look</h2>
          <ul class="cards">
            {hints.map(({ text, href, link }) => (
              <li>
                <span>{text}</span>
                {href && <a href={href}>{link}</a>}
              </li>
            ))}
          </ul>
        </>
      )}
      <ExpiringKeys {...props.expiring} />
      <RefusedKeys refusals={props.refusedKeys} now={frame.now} />
      <TurnedAway events={props.turnedAway} now={frame.now} />
    </ConsoleLayout>
  )
}

function Tile({ label, count, children }: { label: string; count: number; children: Child }) {
  return (
    <div class="tile">
      <span>{label}</span>
      <strong>{inFigures(count)}</strong>
      {children}
    </div>
  )
}

/** On a desk at which nobody but its admin has been. */
function FirstSteps() {
  return (
    <div class="slot">
      <p>
        <strong>Nobody has a key yet.</strong> What to do first:
      </p>
      <ol>
        <li>
          Say who may come in: <a href="/console/access-rules">add a domain or an address</a>, or{' '}
          <a href="/console/invitations">invite somebody</a>.
        </li>
        <li>
          Make a <a href="/console/service-accounts">service account</a> for a machine, with somebody who
          answers for it.
        </li>
        <li>
          Have your services ask <code>/v1/validate</code> whether a key is good.
        </li>
      </ol>
    </div>
  )
}

function total(hours: HourBars): number {
  return hours.reduce((sum, { count }) => sum + count, 0)
}

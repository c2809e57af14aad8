import { distribution, median, round } from '../statistics.ts'
import type { Line } from '../targets.ts'
import type { Cut } from './measure-cut.ts'
import type { Revocations } from './measure-revocations.ts'
import type { WatchedRevocation } from './revoke-watched.ts'
import type { ReplicaSettings } from './settings.ts'

export interface ReplicaMeasurements {
  readonly feedUp: Revocations
  readonly listenCut: Revocations
  readonly cuts: readonly Cut[]
}

/** Two seconds are what is waited for. Reading who has confirmed, and the answer, come on top. */
const answerMs = 100

export function replicaLines({ feedUp, listenCut, cuts }: ReplicaMeasurements): Line[] {
  const up = feedUp.revocations
  const deaf = listenCut.revocations
  const whileCut = cuts.flatMap(({ revocations }) => revocations)
  const everything = [...up, ...deaf, ...whileCut]
  const refused = (all: readonly WatchedRevocation[]) => all.map((one) => one.refusedEverywhereMs)
  const acknowledged = (all: readonly WatchedRevocation[]) => all.map((one) => one.acknowledgedMs)
  return [
    spread('feed up: DELETE sent to refused by every replica, p99', refused(up), 'p99', 50),
    spread('feed up: DELETE sent to acknowledged, p99', acknowledged(up), 'p99', null),
    spread('feed up: first refusal anywhere to refused by every replica, p99', afterFirst(up), 'p99', null),
    spread('feed up: commit to the last confirmation, by the receipts, p99', receipts(up), 'p99', null),
    spread('LISTEN cut: DELETE sent to refused by every replica, at most', refused(deaf), 'max', 1500),
    spread('LISTEN cut: DELETE sent to acknowledged, at most', acknowledged(deaf), 'max', null),
    spread(
      'replica cut off: its last good answer after the cut, at most',
      cuts.map((cut) => cut.lastAcceptedMs),
      'max',
      2000,
    ),
    plain(
      'replica cut off: its answers other than 503 after the first 503',
      cuts.reduce((sum, { answersAfter }) => sum + othersThan503(answersAfter), 0),
      0,
    ),
    spread(
      `replica cut off: first refusal anywhere to acknowledged, at most (2 s, and ${answerMs} ms for the answer)`,
      whileCut.map((one) => one.acknowledgedMs - one.firstRefusedMs),
      'max',
      2000 + answerMs,
    ),
    spread(
      'replica cut off: DELETE elsewhere sent to acknowledged, at most',
      acknowledged(whileCut),
      'max',
      null,
    ),
    spread('the same once it is struck off, p50', acknowledged(struckOff(cuts)), 'p50', null),
    plain(
      'accepted though sent after the acknowledgement, in all of the above',
      everything.reduce((sum, one) => sum + one.acceptedAfter, 0),
      0,
    ),
  ]
}

/** What the lines do not say. */
export function describeReplicas(measured: ReplicaMeasurements, settings: ReplicaSettings): string[] {
  const { feedUp, listenCut, cuts } = measured
  const everything = [feedUp, listenCut, ...cuts].flatMap(({ revocations }) => revocations)
  const asked = everything.reduce((sum, one) => sum + one.askedAfter, 0)
  const verifications = feedUp.beside.map(({ perSecond }) => Math.round(perSecond)).join(', ')
  const p99 = feedUp.beside.map(({ latencyMs }) => latencyMs.p99).join(', ')
  const byTurn = Array.from({ length: settings.revocationsPerCut }, (_, turn) =>
    Math.round(median(cuts.map(({ revocations }) => revocations[turn]?.acknowledgedMs ?? Number.NaN))),
  )
  return [
    `Load with the feed up: ${verifications} warm verifications a second at the replicas, with a p99 of ${p99} ms; ${feedUp.mintMs.length} mints at the default Argon2id cost, p50 ${round(median(feedUp.mintMs), 1)} ms; of all cores ${Math.round(feedUp.idleShare * 100)} % were idle.`,
    `${asked} requests were sent after an acknowledgement. Each replica was asked about the key every ${settings.probePauseMs} ms and what the answer took; "refused" is when the first request was sent after the last one that was accepted.`,
    `Verifications beside that were answered 503: ${unavailable(feedUp)} with the feed up, ${unavailable(listenCut)} with LISTEN cut.`,
    `Cut off: first 503 after ${cuts.map((cut) => Math.round(cut.firstUnavailableMs)).join(', ')} ms; good answers again ${cuts.map((cut) => Math.round(cut.recoveredMs)).join(', ')} ms after the wire was healed.`,
    `Cut off: the revocations, one after the other, were acknowledged after ${byTurn.join(', ')} ms (medians of ${cuts.length}).`,
  ]
}

function spread(
  what: string,
  values: readonly number[],
  figure: 'p50' | 'p99' | 'max',
  atMost: number | null,
): Line {
  const of = distribution(values)
  const target = atMost === null ? null : { atMost }
  return { what, value: of[figure], unit: 'ms', target, spread: of }
}

function plain(what: string, value: number, atMost: number): Line {
  return { what, value, unit: '', target: { atMost }, spread: null }
}

function afterFirst(all: readonly WatchedRevocation[]): number[] {
  return all.map((one) => Math.max(0, one.refusedEverywhereMs - one.firstRefusedMs))
}

function receipts(all: readonly WatchedRevocation[]): number[] {
  return all.flatMap(({ confirmedMs }) => {
    if (confirmedMs === null) return []
    const confirmed = confirmedMs.filter((ms) => ms !== null)
    if (confirmed.length < confirmedMs.length) return [Number.POSITIVE_INFINITY]
    return [Math.max(...confirmed)]
  })
}

function unavailable({ beside }: Revocations): string {
  const sum = (count: (one: Revocations['beside'][number]) => number) =>
    beside.reduce((total, one) => total + count(one), 0)
  const all = sum(({ statuses }) => Object.values(statuses).reduce((total, count) => total + count, 0))
  return `${sum(({ statuses }) => statuses[503] ?? 0)} of ${all}`
}

function othersThan503(answers: Readonly<Record<string, number>>): number {
  return Object.entries(answers)
    .filter(([status]) => status !== '503')
    .reduce((sum, [, count]) => sum + count, 0)
}

/**
 * Those that nobody waited for. From the first receipt that names no silent replica the one that was cut is struck off;
 * the revocation that got this receipt may have waited until then.
 */
function struckOff(cuts: readonly Cut[]): WatchedRevocation[] {
  return cuts.flatMap(({ revocations }) => {
    const first = revocations.findIndex(({ confirmedMs }) => confirmedMs?.every((ms) => ms !== null))
    return first === -1 ? [] : revocations.slice(first + 1)
  })
}

import type { ThroughputRound } from '../measure/throughput.ts'
import { median, round } from '../statistics.ts'
import type { Line } from '../targets.ts'
import type { CredentialKind } from './credentials.ts'
import { kinds } from './credentials.ts'
import type { Front } from './fronts.ts'
import { type RateRound, type Signatures, signaturesPerMinute } from './measure.ts'
import { type AskingProxy, askingProxies } from './requests.ts'

export type VerifyName = `${AskingProxy} ${CredentialKind}`
export type FrontName = `${Front['name']} ${CredentialKind | 'alone'}`

export interface ProxyMeasurements {
  readonly verify: Readonly<Record<`${VerifyName}${'' | ' limit'}`, readonly ThroughputRound[]>>
  readonly latency: Readonly<Record<VerifyName, readonly RateRound[]>>
  readonly signatures: Signatures
  readonly fronts: Readonly<Record<FrontName, readonly ThroughputRound[]>>
  readonly frontLatency: Readonly<Record<FrontName, readonly RateRound[]>>
}

const shown: Readonly<Record<CredentialKind, string>> = {
  key: 'a warm key',
  session: 'a session',
  jwt: 'a JWT',
}
const rate = (rounds: readonly ThroughputRound[]) => median(rounds.map(({ perSecond }) => perSecond))
const p99 = (rounds: readonly RateRound[]) => median(rounds.map(({ latencyMs }) => latencyMs.p99))
const p50 = (rounds: readonly RateRound[]) => median(rounds.map(({ latencyMs }) => latencyMs.p50))

/** What the issue asks for. */
export function verifyLines({ verify, latency, signatures }: ProxyMeasurements): Line[] {
  const each = askingProxies.flatMap((proxy) => kinds.map((kind) => ({ proxy, kind })))
  return [
    ...each.flatMap(({ proxy, kind }): Line[] => {
      const ours = verify[`${proxy} ${kind}`]
      return [
        figure(
          `/auth/verify/${proxy}, ${shown[kind]}: against the limit`,
          median(ratiosByRound(ours, verify[`${proxy} ${kind} limit`])),
          '×',
          { atLeast: 0.6 },
        ),
        figure(`/auth/verify/${proxy}, ${shown[kind]}`, rate(ours), '/s'),
      ]
    }),
    ...each.map(({ proxy, kind }) =>
      figure(
        `/auth/verify/${proxy}, ${shown[kind]}, 500 a second on one core: p99`,
        p99(latency[`${proxy} ${kind}`]),
        'ms',
        { atMost: 20 },
      ),
    ),
    figure('signatures of one key within a minute, at most', signaturesPerMinute(signatures), '', {
      atMost: 1,
    }),
  ]
}

/** Each proxy with Keydesk and without, as Markdown. */
export function frontTable(fronts: readonly Front[], { fronts: rates, frontLatency }: ProxyMeasurements) {
  const names = ['alone', ...kinds] as const
  const lines = fronts.flatMap(({ name, version }) =>
    names.map((kind) => {
      const rounds = rates[`${name} ${kind}`]
      const quiet = frontLatency[`${name} ${kind}`]
      const what = kind === 'alone' ? 'without Keydesk' : `${shown[kind]}`
      const against = median(ratiosByRound(rounds, rates[`${name} alone`]))
      const cells = [
        `${name} ${version}, ${what}`,
        `${Math.round(rate(rounds)).toLocaleString('en')}/s`,
        kind === 'alone' ? '' : `${round(against, 2)} ×`,
        `${round(p50(quiet), 2)} ms`,
        `${round(p99(quiet), 2)} ms`,
      ]
      return `| ${cells.join(' | ')} |`
    }),
  )
  return [
    '| before an echo app | as fast as it goes | against without | p50 at 500/s | p99 at 500/s |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

/** What the lines do not say. */
export function describeProxies({ verify, latency, signatures }: ProxyMeasurements): string[] {
  const cpu = (name: keyof ProxyMeasurements['verify']) =>
    round(median(verify[name].map(({ cpuMicroseconds }) => cpuMicroseconds)), 1)
  const generator = Math.max(
    ...Object.values(verify)
      .flat()
      .map((one) => one.generatorCpuShare),
  )
  const lag = Math.max(
    ...Object.values(latency)
      .flat()
      .map((one) => one.sendLagMs?.p99 ?? 0),
  )
  const each = askingProxies.flatMap((proxy) => kinds.map((kind) => `${proxy} ${kind}` as const))
  const counts = signatures.signedAt.map((times) => times.length)
  return [
    ...each.map(
      (name) =>
        `${name}: by round ${ratiosByRound(verify[name], verify[`${name} limit`]).join(', ')} ×; processor time a request ${cpu(name)} µs, of the limit ${cpu(`${name} limit`)} µs (${round(cpu(`${name} limit`) / cpu(name))} × by this measure, which neighbours disturb less).`,
    ),
    `In ${Math.round(signatures.seconds)} s each of ${counts.length} watched keys had ${Math.min(...counts)} to ${Math.max(...counts)} JWTs.`,
    `The load generator used at most ${Math.round(generator * 100)} % of a core; at the fixed rate 99 % of requests left within ${round(lag, 2)} ms of when they were due.`,
  ]
}

/** Pair by pair: what goes on beside the bench changes from round to round, and concerns both of a pair. */
function ratiosByRound(ours: readonly ThroughputRound[], others: readonly ThroughputRound[]): number[] {
  return ours.map((one, index) => round(one.perSecond / (others[index]?.perSecond ?? Number.NaN)))
}

function figure(what: string, value: number, unit: Line['unit'], target: Line['target'] = null): Line {
  return { what, value, unit, target, spread: null }
}

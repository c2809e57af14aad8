import type { ThroughputRound } from '../measure/throughput.ts'
import { distribution, median, round } from '../statistics.ts'
import type { Line } from '../targets.ts'
import type { FirstVerifications } from './measure-cold.ts'
import type { Mints } from './measure-mints.ts'
import type { EngineName } from './stage.ts'

export interface EngineMeasurements {
  readonly warm: Readonly<Record<EngineName, readonly ThroughputRound[]>>
  readonly first: Readonly<Record<EngineName, readonly FirstVerifications[]>>
  readonly mints: Readonly<Record<EngineName, readonly Mints[]>>
}

export function engineLines({ warm, first, mints }: EngineMeasurements): Line[] {
  const rate = (engine: EngineName) => median(warm[engine].map(({ perSecond }) => perSecond))
  return [
    // Pair by pair: what goes on beside the bench changes from round to round, and concerns both of a pair.
    figure('warm keys: Postgres against SQLite', median(ratiosByRound(warm)), '×', { atLeast: 0.9 }),
    figure('warm keys on SQLite', rate('sqlite'), '/s'),
    figure('warm keys on Postgres', rate('postgres'), '/s'),
    ...(['sqlite', 'postgres'] as const).flatMap((engine) => {
      const name = engine === 'sqlite' ? 'SQLite' : 'Postgres'
      const rounds = first[engine]
      const took = distribution(mints[engine].flatMap(({ tookMs }) => tookMs))
      return [
        figure(
          `first verification on ${name}, one at a time, p50`,
          median(rounds.map((one) => one.latencyMs.p50)),
          'ms',
        ),
        figure(
          `first verification on ${name}, one at a time, p99`,
          median(rounds.map((one) => one.latencyMs.p99)),
          'ms',
        ),
        figure(
          `first verifications on ${name}, many at a time`,
          median(rounds.map((one) => one.perSecond)),
          '/s',
        ),
        {
          what: `mint on ${name}, one at a time, p50`,
          value: took.p50,
          unit: 'ms',
          target: null,
          spread: took,
        } as const,
        figure(
          `mints on ${name}, several at a time`,
          median(mints[engine].map((one) => one.perSecond)),
          '/s',
        ),
      ]
    }),
  ]
}

/** What the lines do not say. */
export function describeEngines({ warm }: EngineMeasurements): string[] {
  const cpu = (engine: EngineName) => round(median(warm[engine].map((one) => one.cpuMicroseconds)), 1)
  const p99 = (engine: EngineName) => round(median(warm[engine].map((one) => one.latencyMs.p99)), 2)
  return [
    `Warm keys, Postgres against SQLite by round: ${ratiosByRound(warm).join(', ')} ×.`,
    `Processor time of the process a warm request: SQLite ${cpu('sqlite')} µs, Postgres ${cpu('postgres')} µs (${round(cpu('sqlite') / cpu('postgres'))} × by this measure, which neighbours disturb less). p99 under full load: ${p99('sqlite')} and ${p99('postgres')} ms.`,
    'First verifications and mints are hashed with 64 KiB and one pass, so that the database shows. At the default cost each takes some 20 to 30 ms more on either engine.',
  ]
}

function ratiosByRound({ sqlite, postgres }: EngineMeasurements['warm']): number[] {
  return postgres.map((one, index) => round(one.perSecond / (sqlite[index]?.perSecond ?? Number.NaN)))
}

function figure(what: string, value: number, unit: Line['unit'], target: Line['target'] = null): Line {
  return { what, value, unit, target, spread: null }
}

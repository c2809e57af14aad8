import type { Measurements } from './measurements.ts'
import type { HashCost } from './seed.ts'
import type { BenchSettings } from './settings.ts'
import { median, round } from './statistics.ts'

/** One line of the table, with what the issue asks for. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly against: string
  readonly value: number
  /** The same from the values of each round, where both sides were measured in it. */
  readonly valueByRound: readonly number[]
  readonly target: { readonly atLeast: number } | { readonly atMost: number }
  readonly unit: '×' | 'MiB'
  readonly isMet: boolean
}

type Target = Row['target']

export function makeRows(measured: Measurements, settings: BenchSettings): Row[] {
  const { throughput, latency, cold, memory } = measured
  const { limit200, warm, limit401, forged, many, peer } = throughput
  const perSecond = (rounds: readonly { perSecond: number }[]) => rounds.map((one) => one.perSecond)
  const quiet = latency.map((one) => one.quiet.latencyMs.p99)
  const rows = [
    ratio('warm keys, against the limit', perSecond(warm), perSecond(limit200), '/s', { atLeast: 0.7 }),
    ratio('forged keys refused, against the limit', perSecond(forged), perSecond(limit401), '/s', {
      atLeast: 0.7,
    }),
    ...(peer === undefined
      ? []
      : [ratio('warm keys, against the peer', perSecond(warm), perSecond(peer), '/s', { atLeast: 20 })]),
    ratio(
      `${named(settings.keysMany)} keys stored, against ${named(settings.keysFew)}`,
      perSecond(many),
      perSecond(warm),
      '/s',
      { atLeast: 0.95 },
    ),
    ratio(
      `p99 under ${named(settings.forgedPerSecond)} forged keys/s, against quiet`,
      latency.map((one) => one.underForged.latencyMs.p99),
      quiet,
      ' ms',
      { atMost: 2 },
    ),
    ratio(
      `p99 while ${settings.keysCold} cold keys are verified, against quiet`,
      latency.map((one) => one.whileCold.latencyMs.p99),
      quiet,
      ' ms',
      { atMost: 5 },
    ),
    ratio(
      'cold keys, against bare Argon2id',
      cold.map((one) => one.product.perSecond),
      cold.map((one) => one.bare.perSecond),
      '/s',
      { atLeast: 0.9 },
    ),
  ]
  const fresh = median(memory.freshStarts.map((one) => one.residentMib))
  // The most it ever was when it was looked at: after warming, after the load, after each batch of cold keys.
  const looks = [memory.afterWarming, memory.afterLoad, ...cold.map((one) => one.product)]
  const most = Math.max(...looks.map((one) => one.residentMib))
  return [
    ...rows,
    {
      what: `memory, ${named(settings.keysMany)} keys stored, ${named(settings.keysWarm)} warm, ${settings.rounds * settings.coldPerRound} cold verified`,
      ours: `${round(most, 1)} MiB`,
      against: `${round(fresh, 1)} MiB`,
      value: round(most - fresh, 1),
      valueByRound: looks.map((one) => round(one.residentMib - fresh, 1)),
      target: { atMost: 128 },
      unit: 'MiB',
      isMet: most - fresh <= 128,
    },
  ]
}

function ratio(
  what: string,
  ours: readonly number[],
  against: readonly number[],
  unit: '/s' | ' ms',
  target: Target,
): Row {
  const value = median(ours) / median(against)
  const show = (rounds: readonly number[]) => `${significant(median(rounds))}${unit}`
  return {
    what,
    ours: show(ours),
    against: show(against),
    value: round(value),
    valueByRound: ours.map((one, index) => round(one / (against[index] ?? Number.NaN))),
    target,
    unit: '×',
    isMet: 'atLeast' in target ? value >= target.atLeast : value <= target.atMost,
  }
}

/** The table as Markdown, as the README shows it. */
export function writeTable(rows: readonly Row[]): string {
  const lines = rows.map(({ what, ours, against, value, unit, target, isMet }) => {
    const wanted = 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`
    const suffix = unit === '×' ? ' ×' : ' MiB'
    return `| ${what} | ${ours} | ${against} | ${value}${suffix} | ${wanted}${suffix} | ${isMet ? 'yes' : 'no'} |`
  })
  return [
    '| what | Keydesk | beside it | result | target | met |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

/** What the table's ratios do not say. */
export function writeNotes(measured: Measurements, cost: HashCost, peerProblem: string | null): string {
  const { throughput, cold, memory, restart, latency } = measured
  const cpu = (rounds: readonly { cpuMicroseconds: number }[]) =>
    `${round(median(rounds.map((one) => one.cpuMicroseconds)), 1)} µs`
  const msPerHash = median(cold.map((one) => one.bare.msPerHash))
  const hashing = `${cost.concurrency} hashing ${cost.concurrency === 1 ? 'core' : 'cores'}`
  const expected = (restart.clients * msPerHash) / 1000 / cost.concurrency
  const generator = Math.max(
    ...Object.values(throughput)
      .flat()
      .map((one) => one.generatorCpuShare),
  )
  const lag = median(latency.map((one) => one.quiet.sendLagMs?.p99 ?? Number.NaN))
  const ofWarmOnly =
    median(throughput.many.map((one) => one.perSecond)) /
    median(throughput.warmOnly.map((one) => one.perSecond))
  return [
    ...(peerProblem === null ? [] : [`The peer was not measured: ${peerProblem}`]),
    `Processor time of the server a request: limit ${cpu(throughput.limit200)}, warm ${cpu(throughput.warm)}; limit of refusals ${cpu(throughput.limit401)}, forged ${cpu(throughput.forged)}${throughput.peer === undefined ? '' : `; peer ${cpu(throughput.peer)}`}.`,
    `Many keys stored, against only the warm ones stored: ${round(ofWarmOnly)} ×.`,
    `One Argon2id hash takes ${round(msPerHash, 1)} ms (m=${cost.memoryCost} KiB, t=${cost.timeCost}, p=${cost.parallelism}) on ${hashing}; ${round(median(cold.map((one) => one.bareDefaultMalloc.msPerHash)), 1)} ms where glibc keeps the buffers.`,
    `Recovery after a restart: active keys × hash time ÷ hashing cores = ${restart.clients} × ${round(msPerHash, 1)} ms ÷ ${cost.concurrency} = ${round(expected, 1)} s; measured ${round(restart.recoverySeconds, 1)} s for ${restart.clients} clients at once, all served, none refused, and a p99 of ${restart.p99AfterMs} ms after it.`,
    `Start: ${round(median(memory.freshStarts.map((one) => one.startSeconds)), 2)} s with an empty database, ${round(measured.startSecondsWithMany, 2)} s with many keys.`,
    `Memory of the process with many keys: ${round(memory.afterWarming.residentMib, 1)} MiB when warm, ${round(memory.afterLoad.residentMib, 1)} MiB after the load, ${cold.map((one) => round(one.product.residentMib, 1)).join(', ')} MiB after cold keys; at most ever ${round(cold.at(-1)?.product.highestMib ?? Number.NaN, 1)} MiB.`,
    `The load generator used at most ${Math.round(generator * 100)} % of a core; at the fixed rate 99 % of requests left within ${round(lag, 2)} ms of when they were due.`,
  ].join('\n')
}

function named(count: number): string {
  return count.toLocaleString('en')
}

function significant(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

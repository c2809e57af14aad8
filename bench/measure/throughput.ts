import type { KeySource, LatencySummary } from '../load/plan.ts'
import { readCpuMicroseconds } from '../processes.ts'
import type { Server } from '../servers.ts'
import type { BenchSettings } from '../settings.ts'
import { startLoad } from '../start-load.ts'

/** One of what is compared: a server, what it is asked, and the status that it has to answer. */
export interface Contestant {
  readonly name: string
  readonly server: Server
  readonly keys: KeySource
  readonly status: number
}

export interface ThroughputRound {
  readonly perSecond: number
  readonly latencyMs: LatencySummary
  /** Processor time of the server a request: less disturbed by neighbours than requests a second. */
  readonly cpuMicroseconds: number
  readonly generatorCpuShare: number
}

/** Each contestant in turn as fast as it answers, round after round. The answer is by name, a value for each round. */
export async function measureThroughput<Name extends string>(
  contestants: readonly (Contestant & { name: Name })[],
  settings: BenchSettings,
  say: (line: string) => void,
): Promise<Record<Name, ThroughputRound[]>> {
  const rounds = Object.fromEntries(contestants.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    ThroughputRound[]
  >
  for (const contestant of contestants) await measure(contestant, settings, settings.warmUpSeconds)
  for (let round = 1; round <= settings.rounds; round += 1) {
    for (const contestant of contestants) {
      const result = await measure(contestant, settings, settings.throughputSeconds)
      rounds[contestant.name].push(result)
      say(`  round ${round}: ${contestant.name} ${Math.round(result.perSecond)}/s`)
    }
  }
  return rounds
}

async function measure(
  { server, keys, status }: Contestant,
  { connections, leadInSeconds }: BenchSettings,
  seconds: number,
): Promise<ThroughputRound> {
  const pace = { kind: 'fast', seconds, leadInSeconds } as const
  const load = startLoad({ port: server.port, connections, keys, pace }, [status])
  await load.underway
  const cpuBefore = readCpuMicroseconds(server.pid)
  const { perSecond, latencyMs, requests, generatorCpuShare } = await load.result
  const cpuMicroseconds = (readCpuMicroseconds(server.pid) - cpuBefore) / requests
  return { perSecond, latencyMs, cpuMicroseconds, generatorCpuShare }
}

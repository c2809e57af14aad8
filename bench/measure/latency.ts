import type { LatencySummary, LoadResult } from '../load/plan.ts'
import { makeCold, type SeedKey } from '../seed.ts'
import type { Server } from '../servers.ts'
import type { BenchSettings } from '../settings.ts'
import { startLoad } from '../start-load.ts'

export interface LatencyRound {
  readonly quiet: WarmLatency
  readonly underForged: WarmLatency
  readonly whileCold: WarmLatency & { readonly coldSeconds: number; readonly coldLatencyMs: LatencySummary }
}

export interface WarmLatency {
  readonly latencyMs: LatencySummary
  readonly sendLagMs: LatencySummary | null
  readonly requests: number
}

/**
 * Latency of warm keys at a fixed modest rate: quiet, beside forged keys, and while cold keys are verified at the
 * default Argon2id cost. Forged keys run into the limit on failures, which is on by default, so 401 and 429 may come.
 */
export async function measureLatency(
  server: Server,
  files: { warm: string; cold: string; database: string },
  coldKeys: readonly SeedKey[],
  settings: BenchSettings,
  say: (line: string) => void,
): Promise<LatencyRound[]> {
  const { port } = server
  const { connections, leadInSeconds, latencySeconds, latencyPerSecond: perSecond } = settings
  const startWarm = (seconds: number | null) =>
    startLoad(
      {
        port,
        connections,
        keys: { from: 'file', file: files.warm, order: 'random' },
        pace: { kind: 'rate', perSecond, seconds, leadInSeconds },
      },
      [200],
    )
  await startWarm(latencySeconds).result

  const rounds: LatencyRound[] = []
  for (let round = 1; round <= settings.rounds; round += 1) {
    makeCold(files.database, coldKeys, round - 1)
    const quiet = await startWarm(latencySeconds).result
    const underForged = await besideForged()
    const whileCold = await besideCold()
    rounds.push({ quiet: warmPart(quiet), underForged: warmPart(underForged), whileCold })
    const p99 = (result: WarmLatency) => `${result.latencyMs.p99} ms`
    say(
      `  round ${round}: p99 quiet ${p99(quiet)}, under forged ${p99(underForged)}, while cold ${p99(whileCold)}`,
    )
  }
  return rounds

  async function besideForged(): Promise<LoadResult> {
    const pace = {
      kind: 'rate',
      perSecond: settings.forgedPerSecond,
      seconds: null,
      leadInSeconds: 0.2,
    } as const
    const forged = startLoad({ port, connections, keys: { from: 'forger' }, pace }, [401, 429])
    await forged.underway
    const warm = await startWarm(latencySeconds).result
    forged.stop()
    await forged.result
    return warm
  }

  async function besideCold(): Promise<LatencyRound['whileCold']> {
    const warm = startWarm(null)
    await warm.underway
    const cold = await startLoad(
      {
        port,
        connections: settings.coldConnections,
        keys: { from: 'file', file: files.cold, order: 'in turn' },
        pace: { kind: 'once' },
      },
      [200],
    ).result
    warm.stop()
    const result = await warm.result
    return { ...warmPart(result), coldSeconds: cold.seconds, coldLatencyMs: cold.latencyMs }
  }
}

function warmPart({ latencyMs, sendLagMs, requests }: LoadResult): WarmLatency {
  return { latencyMs, sendLagMs, requests }
}

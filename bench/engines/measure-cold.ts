import type { LatencySummary } from '../load/plan.ts'
import { runLoad } from '../start-load.ts'
import type { EngineSettings } from './settings.ts'
import { type Engine, type EngineName, engineNames } from './stage.ts'

export interface FirstVerifications {
  /** One at a time. */
  readonly latencyMs: LatencySummary
  /** Many at a time. */
  readonly perSecond: number
}

/** First verifications of keys that the process does not know: it reads them from the database, and hashes cheaply. */
export async function measureFirstVerifications(
  engines: Readonly<Record<EngineName, Engine>>,
  settings: EngineSettings,
): Promise<Record<EngineName, FirstVerifications[]>> {
  const rounds: Record<EngineName, FirstVerifications[]> = { sqlite: [], postgres: [] }
  // The first round is not counted: until everything is compiled and connected.
  for (let round = 0; round <= settings.warm.rounds; round += 1) {
    for (const name of engineNames) {
      const alone = await verify(engines[name], 1)
      const together = await verify(engines[name], settings.coldConnections)
      if (round > 0) rounds[name].push({ latencyMs: alone.latencyMs, perSecond: together.perSecond })
    }
  }
  return rounds

  function verify(engine: Engine, connections: number) {
    const keys = {
      from: 'file',
      file: engine.takeCold(settings.coldPerRound),
      order: 'in turn',
    } as const
    return runLoad({ port: engine.server.port, connections, keys, pace: { kind: 'once' } }, [200])
  }
}

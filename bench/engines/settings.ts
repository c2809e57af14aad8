import { type BenchSettings, benchSettings } from '../settings.ts'

/** How much is measured of Postgres against SQLite. */
export interface EngineSettings {
  /** Rounds, connections and seconds of the warm rate. */
  readonly warm: BenchSettings
  readonly keysWarm: number
  /** First verifications each round, one at a time, of keys that the process has not seen. */
  readonly coldPerRound: number
  /** And again as many with so many connections. */
  readonly coldConnections: number
  readonly mintsPerRound: number
  readonly mintsAtOnce: number
  readonly secondsMax: number
}

export function engineSettings(isQuick: boolean): EngineSettings {
  const usual = benchSettings(isQuick)
  return {
    warm: { ...usual, rounds: isQuick ? usual.rounds : 7 },
    keysWarm: 1000,
    coldPerRound: isQuick ? 50 : 200,
    coldConnections: 16,
    mintsPerRound: isQuick ? 20 : 100,
    mintsAtOnce: 8,
    secondsMax: 420,
  }
}

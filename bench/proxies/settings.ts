import { type BenchSettings, benchSettings } from '../settings.ts'

/** How much is measured of verification for proxies, and of proxies with it and without. */
export interface ProxySettings {
  /** Rounds, connections and seconds. */
  readonly load: BenchSettings
  /** So many keys, sessions and JWTs, all of them warm. */
  readonly credentials: number
  /** Rounds at the fixed rate. */
  readonly latencyRounds: number
  /** How often somebody looks which JWT a key gets while all this goes on. */
  readonly lookMs: number
  readonly secondsMax: number
}

export function proxySettings(isQuick: boolean): ProxySettings {
  const usual = benchSettings(isQuick)
  return {
    load: { ...usual, throughputSeconds: isQuick ? 1 : 3, warmUpSeconds: isQuick ? 1 : 3 },
    credentials: 100,
    latencyRounds: isQuick ? 1 : 3,
    lookMs: 250,
    secondsMax: 1200,
  }
}

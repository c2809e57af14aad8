/** How long and how much is measured. `BENCH_QUICK=1` is for trying the bench, not for numbers. */
export interface BenchSettings {
  readonly quick: boolean
  readonly rounds: number
  readonly connections: number
  /** Each server, each round, as fast as it answers: as long as from one flush of usage to the next, so each holds one. */
  readonly throughputSeconds: number
  /** Load that comes before each measurement and is not counted. */
  readonly leadInSeconds: number
  /** Load that each server gets once before the first round, so that all are compiled alike. */
  readonly warmUpSeconds: number
  readonly latencySeconds: number
  readonly latencyPerSecond: number
  readonly latencyKeys: number
  readonly forgedPerSecond: number
  readonly keysFew: number
  readonly keysMany: number
  readonly keysWarm: number
  /** Cold keys at the default Argon2id cost: so many at once beside warm load. */
  readonly keysCold: number
  /** So many cold keys, and so many bare hashes, each round. */
  readonly coldPerRound: number
  readonly coldConnections: number
  readonly restartClients: number
  readonly peerKeys: number
  /** The whole run is given up after this. */
  readonly secondsMax: number
}

const full: BenchSettings = {
  quick: false,
  rounds: 5,
  connections: 32,
  throughputSeconds: 5,
  leadInSeconds: 0.5,
  warmUpSeconds: 2,
  latencySeconds: 5,
  latencyPerSecond: 500,
  latencyKeys: 100,
  forgedPerSecond: 1000,
  keysFew: 1000,
  keysMany: 1_000_000,
  keysWarm: 10_000,
  keysCold: 500,
  coldPerRound: 100,
  coldConnections: 64,
  restartClients: 300,
  peerKeys: 100,
  secondsMax: 1800,
}

const quick: BenchSettings = {
  ...full,
  quick: true,
  rounds: 2,
  throughputSeconds: 1,
  leadInSeconds: 0.3,
  warmUpSeconds: 1,
  latencySeconds: 1,
  keysMany: 20_000,
  keysCold: 60,
  coldPerRound: 30,
  restartClients: 60,
  secondsMax: 600,
}

export function benchSettings(isQuick: boolean): BenchSettings {
  return isQuick ? quick : full
}

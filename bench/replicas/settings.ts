/** How much is measured of revocations across replicas. */
export interface ReplicaSettings {
  readonly replicas: number
  /** Warm verifications at each replica, at a fixed rate. */
  readonly verificationsPerSecond: number
  readonly loadConnections: number
  /** In use by that load. */
  readonly keysWarm: number
  /** At all replicas together, while the feed is up. */
  readonly mintsPerSecond: number
  /** Not counted: until everything is compiled. */
  readonly revocationsFirst: number
  readonly revocationsFeedUp: number
  readonly revocationsListenCut: number
  readonly cuts: number
  readonly revocationsPerCut: number
  /** Between two requests with the revoked key at the same replica. */
  readonly probePauseMs: number
  /** So long it is still asked about after the acknowledgement. */
  readonly probeAfterMs: number
  readonly secondsMax: number
}

const full: ReplicaSettings = {
  replicas: 3,
  verificationsPerSecond: 200,
  loadConnections: 8,
  keysWarm: 500,
  mintsPerSecond: 5,
  revocationsFirst: 60,
  revocationsFeedUp: 500,
  revocationsListenCut: 50,
  cuts: 3,
  revocationsPerCut: 10,
  probePauseMs: 1,
  probeAfterMs: 40,
  secondsMax: 420,
}

const quick: ReplicaSettings = {
  ...full,
  revocationsFirst: 5,
  revocationsFeedUp: 40,
  revocationsListenCut: 6,
  cuts: 1,
  secondsMax: 180,
}

export const replicaSettings = (isQuick: boolean): ReplicaSettings => (isQuick ? quick : full)

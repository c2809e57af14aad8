/** What a load generator is told. One generator is one process, `bench/load.ts`. */
export interface LoadPlan {
  readonly port: number
  readonly connections: number
  readonly keys: KeySource
  readonly pace: Pace
}

/**
 * Key texts of a file, one a line; or well-formed ones with a random id, secret and tag, different each time; or whole
 * requests of a file, a JSON array of texts.
 */
export type KeySource =
  | { readonly from: 'file'; readonly file: string; readonly order: 'random' | 'in turn' }
  | { readonly from: 'forger' }
  | { readonly from: 'requests'; readonly file: string }

export type Pace =
  /** Every connection sends its next request when it has the answer to the last. */
  | { readonly kind: 'fast'; readonly seconds: number; readonly leadInSeconds: number }
  /**
   * Requests are due at fixed times whatever the answers do, and latency counts from when a request was due.
   * `seconds: null` goes on until it is told to stop.
   */
  | {
      readonly kind: 'rate'
      readonly perSecond: number
      readonly seconds: number | null
      readonly leadInSeconds: number
    }
  /** Every key of the file once, in order. */
  | { readonly kind: 'once' }

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly perSecond: number
  readonly statuses: Readonly<Record<string, number>>
  readonly latencyMs: LatencySummary
  /** With `rate`: how late requests left, for whatever reason. It is part of their latency. */
  readonly sendLagMs: LatencySummary | null
  /** How much of one core the generator used: near 1, it was the generator that was measured. */
  readonly generatorCpuShare: number
}

export interface LatencySummary {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Milliseconds of the machine's monotonic clock, the same in every thread. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

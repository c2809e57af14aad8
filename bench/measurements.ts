import type { ColdRound } from './measure/cold.ts'
import type { LatencyRound } from './measure/latency.ts'
import type { Restart } from './measure/restart.ts'
import type { ThroughputRound } from './measure/throughput.ts'

/** Everything that one run has measured. */
export interface Measurements {
  readonly throughput: Readonly<
    Record<'limit200' | 'warm' | 'limit401' | 'forged' | 'warmOnly' | 'many', readonly ThroughputRound[]>
  > & {
    readonly peer?: readonly ThroughputRound[]
  }
  readonly latency: readonly LatencyRound[]
  readonly cold: readonly ColdRound[]
  readonly memory: {
    readonly freshStarts: readonly { residentMib: number; startSeconds: number }[]
    readonly afterWarming: { residentMib: number; highestMib: number }
    readonly afterLoad: { residentMib: number; highestMib: number }
  }
  readonly startSecondsWithMany: number
  readonly restart: Restart
}

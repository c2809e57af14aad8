import { percentile } from '../statistics.ts'
import { clockMs, type LatencySummary, type LoadResult } from './plan.ts'

/** Gathers what was answered. Every sample is kept, so percentiles are exact. */
export interface Samples {
  add(status: number, latencyMs: number, sendLagMs?: number): void
  /** Forgets what came before: the lead-in is over. */
  begin(): void
  result(): LoadResult
}

export function createSamples(): Samples {
  let latencies: number[] = []
  let lags: number[] = []
  let statuses = new Map<number, number>()
  let begunAtMs = clockMs()
  let cpu = process.cpuUsage()

  return {
    add(status, latencyMs, sendLagMs) {
      latencies.push(latencyMs)
      if (sendLagMs !== undefined) lags.push(sendLagMs)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    },

    begin() {
      latencies = []
      lags = []
      statuses = new Map()
      begunAtMs = clockMs()
      cpu = process.cpuUsage()
    },

    result() {
      const seconds = (clockMs() - begunAtMs) / 1000
      const { user, system } = process.cpuUsage(cpu)
      return {
        requests: latencies.length,
        seconds,
        perSecond: latencies.length / seconds,
        statuses: Object.fromEntries(statuses),
        latencyMs: summary(latencies),
        sendLagMs: lags.length === 0 ? null : summary(lags),
        generatorCpuShare: (user + system) / 1e6 / seconds,
      }
    },
  }
}

function summary(values: readonly number[]): LatencySummary {
  const sorted = Float64Array.from(values).sort()
  const at = (percent: number) => Math.round(percentile(sorted, percent) * 1000) / 1000
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: at(100) }
}

import { RateLimiterPostgres } from 'rate-limiter-flexible'
import type { BoundedPool } from './postgres-pool.ts'
import type { RateCounts } from './query.ts'

/** Counts that all replicas share, in fixed windows. A window begins with the first request that is told of. */
export function createRateCounts(pool: BoundedPool): RateCounts {
  const limiter = new RateLimiterPostgres({
    // The library would name its statements, which a pooler between us and the server may not know of the next time.
    storeClient: {
      query: ({ text, values }: { text: string; values: unknown[] }) =>
        pool.use((client) => client.query(text, values)),
    },
    storeType: 'client',
    tableName: 'rate_counts',
    tableCreated: true,
    keyPrefix: '',
    // Neither is used: every call brings its window, and whether a count is too high is decided by who asks.
    points: 1,
    duration: 1,
  })
  return {
    async add(name, points, windowSeconds) {
      const counted = await limiter.penalty(name, points, { customDuration: windowSeconds })
      return { points: counted.consumedPoints, msLeft: counted.msBeforeNext }
    },
  }
}

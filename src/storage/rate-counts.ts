import { RateLimiterPostgres } from 'rate-limiter-flexible'
import type { BoundedPool } from './postgres-pool.ts'
import type { RateCounts } from './query.ts'

/**
 * Counts that all replicas share. The library's store is one upsert with an expiry; its counting and its policies are not
 * used here, since both would cost a query for each request.
 */
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
    async add(name, points, secondsLeft) {
      const counted = await limiter.penalty(name, points, { customDuration: secondsLeft })
      return { points: counted.consumedPoints }
    },
  }
}

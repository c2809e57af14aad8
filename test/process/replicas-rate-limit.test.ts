import { afterAll, beforeAll, expect, test } from 'vitest'
import { untoldMax } from '../../src/services/limit-shared-rate.ts'
import { type GatewaysOnPostgres, startGatewaysOnPostgres } from '../support/gateways-on-postgres.ts'

const atOnce = 200
const replicasCount = 3

let replicas: GatewaysOnPostgres
beforeAll(async () => {
  replicas = await startGatewaysOnPostgres(replicasCount)
})
afterAll(() => replicas?.close())

test.each([1, 5, 30, 100])(
  `of ${atOnce} requests at once with a key of %i a window, three replicas pass the limit and a tenth each more at most`,
  async (limit) => {
    const policy = { limit, window_seconds: 86_400 }
    const key = await replicas.desks[0]!.mint({ rate_limit: policy })
    const answers = await Promise.all(
      Array.from({ length: atOnce }, (_, index) => replicas.desks[index % replicasCount]!.validate(key)),
    )
    const passed = answers.filter(({ status }) => status === 200)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]))
    expect(passed.length).toBeGreaterThanOrEqual(limit)
    expect(passed.length).toBeLessThanOrEqual(limit - 1 + replicasCount * untoldMax(policy))
    // From then on none of them passes anything, and each says when to come again.
    for (const desk of replicas.desks) {
      const { status, headers } = await desk.validate(key)
      expect(status).toBe(429)
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
  },
)

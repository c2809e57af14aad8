import { expect, test, vi } from 'vitest'
import { createDesk, deskSettings } from '../support/desk.ts'
import { startKeydesk } from '../support/keydesk-process.ts'
import { createWarmClient } from '../support/warm-client.ts'

const keysCount = 300

/**
 * A tenth of the default cost of a hash, so that minting 300 keys and proving them anew takes seconds: what is shown does
 * not depend on the cost. At the default it takes 300 × hash time ÷ hashing cores.
 */
const reducedCost = { ARGON2_MEMORY_KIB: '4096', ARGON2_TIME_COST: '1' }
/** Three hundred at once wait for a few connections, on a machine that has other things to do. */
const patience = { DATABASE_CONNECT_TIMEOUT: '10s', DATABASE_STATEMENT_TIMEOUT: '10s' }

test('after a restart 300 clients with 300 keys are all served, none with a 401, and the queue empties', async () => {
  const gateway = await startKeydesk({ ...deskSettings, ...reducedCost, ...patience })
  const desk = await createDesk(gateway)
  const keys = await desk.mintMany(keysCount)
  const warmBefore = await lapTimes()
  await gateway.restart()
  expect(await desk.hashes()).toBe(0)

  const client = createWarmClient(gateway.port, keysCount)
  const answers = await Promise.all(keys.map((key) => client.ask(key)))
  expect(answers.map(({ code }) => code)).toEqual(keys.map(() => 'valid'))
  expect(answers.map(({ body }) => body.key.id)).toEqual(keys.map((key) => key.split('_')[1]))
  client.close()
  expect(await desk.hashes()).toBe(keysCount)
  expect(await desk.metric('keydesk_argon2_queue_length')).toBe(0)

  // Back to normal: no slower than it was, give or take what a shared machine does to either.
  await vi.waitFor(async () => expect(await lapTimes()).toBeLessThan(Math.max(50, 5 * warmBefore)), {
    timeout: 10_000,
    interval: 100,
  })
  await gateway.close()

  /** The 99th percentile of a lap over all keys, four at a time, the second of two. */
  async function lapTimes(): Promise<number> {
    const lapClient = createWarmClient(gateway.port, 4)
    let times: number[] = []
    for (let lap = 0; lap < 2; lap += 1) {
      const left = [...keys]
      times = []
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let key = left.pop(); key !== undefined; key = left.pop()) {
            const { begunAt, endedAt, code } = await lapClient.ask(key)
            expect(code).toBe('valid')
            times.push(endedAt - begunAt)
          }
        }),
      )
    }
    lapClient.close()
    return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY
  }
})

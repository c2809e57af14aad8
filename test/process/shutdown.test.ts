import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { type DeskPair, startDeskPair } from '../support/desk-pair.ts'
import { json } from '../support/json.ts'
import { createKeptConnections, type KeptAnswer } from '../support/kept-connections.ts'
import { startKeydesk } from '../support/keydesk-process.ts'

const delaySeconds = 3
const clients = 8

describe('with SHUTDOWN_DELAY, one of two processes leaves under load', () => {
  let pair: DeskPair
  beforeAll(async () => {
    pair = await startDeskPair({ SHUTDOWN_DELAY: `${delaySeconds}s` })
  })
  afterAll(() => pair?.close())

  test('not ready at once, every request answered, connections given up by their answers, exit 0', async () => {
    const { firstProcess: leaving, secondProcess: staying } = pair
    const key = await pair.first.mint()
    const ports = [leaving.port, staying.port]
    const balancer = startBalancer(ports)
    const answers: KeptAnswer[] = []
    const failures: unknown[] = []
    let isLoading = true
    const load = Array.from({ length: clients }, async (_, client) => {
      const connections = createKeptConnections()
      for (let round = client; isLoading; round += 1) {
        const ready = balancer.ready()
        const port = ready[round % ready.length] ?? 0
        await connections.get(port, '/v1/validate', { 'x-api-key': key }).then(
          (answer) => answers.push(answer),
          (error) => failures.push(error),
        )
      }
      connections.close()
    })
    const seen = (port: number, since: number) =>
      answers.filter((answer) => answer.port === port && answer.begunAt >= since)
    await vi.waitFor(() => expect(seen(leaving.port, 0).length).toBeGreaterThan(100), 10_000)
    expect(seen(leaving.port, 0).every((answer) => answer.connection === 'keep-alive')).toBe(true)

    const signalledAt = performance.now()
    leaving.process().signal('SIGTERM')
    await vi.waitFor(async () => expect((await leaving.fetch('/readyz')).status).toBe(503), 1000)
    const notReadyAt = performance.now()
    expect(await json(await leaving.fetch('/readyz'))).toMatchObject({ code: 'unavailable', status: 503 })
    expect((await leaving.fetch('/healthz')).status).toBe(200)
    // The balancer looks again only now: until here it has sent on as if nothing had happened.
    await vi.waitFor(() => expect(seen(leaving.port, notReadyAt).length).toBeGreaterThan(clients), 2000)
    await balancer.look()
    expect(balancer.ready()).toEqual([staying.port])

    const ending = await leaving.process().ended
    const endedAt = performance.now()
    await vi.waitFor(() => expect(seen(staying.port, endedAt).length).toBeGreaterThan(100), 10_000)
    isLoading = false
    await Promise.all(load)

    expect(failures).toEqual([])
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(seen(leaving.port, notReadyAt).every(({ connection }) => connection === 'close')).toBe(true)
    expect(ending).toMatchObject({ code: 0, signal: null })
    expect(endedAt - signalledAt).toBeGreaterThanOrEqual(delaySeconds * 1000)
  })
})

describe('during the delay', () => {
  test('the port is open until the delay is over, and a second signal leaves at once, exit 1', async () => {
    const gateway = await startKeydesk({ SHUTDOWN_DELAY: '5m' })
    gateway.process().signal('SIGTERM')
    await vi.waitFor(async () => expect((await gateway.fetch('/readyz')).status).toBe(503), 1000)
    expect((await gateway.fetch('/')).status).toBe(200)
    const secondAt = performance.now()
    gateway.process().signal('SIGTERM')
    expect((await gateway.process().ended).code).toBe(1)
    expect(performance.now() - secondAt).toBeLessThan(1000)
    await gateway.close()
  })
})

const shape = 'must be 0, or a duration such as 10s'
test.for([
  ['6m', 'must be at most 5m'],
  ['-1s', shape],
  ['10', shape],
  ['off', shape],
])('SHUTDOWN_DELAY=%s is refused by name', ([text, problem]) => {
  const others = {
    AUTH_BASE_URL: 'http://localhost:3000',
    PROXY_MASTER_KEY: '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8',
  }
  expect(readConfig(others).shutdownDelay).toBe(0)
  expect(readConfig({ ...others, SHUTDOWN_DELAY: '5m' }).shutdownDelay).toBe(300)
  expect(() => readConfig({ ...others, SHUTDOWN_DELAY: text })).toThrow(
    expect.objectContaining({ problems: [`SHUTDOWN_DELAY: ${problem}`] }),
  )
})

/** Chooses among the ports whose last `/readyz` was 200, as a proxy with a readiness check does. */
function startBalancer(ports: readonly number[]) {
  let ready = [...ports]
  return {
    ready: () => ready,
    look: async () => {
      const states = await Promise.all(
        ports.map((port) => fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' } })),
      )
      ready = ports.filter((_, index) => states[index]?.status === 200)
    },
  }
}

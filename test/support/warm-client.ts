import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** An answer, and when its request began and ended, in milliseconds of this process's clock. */
export interface TimedAnswer {
  readonly begunAt: number
  readonly endedAt: number
  readonly status: number
  readonly body: any
  /** `valid`, or the code of the problem. */
  readonly code: string
}

/** Asks over connections that stay open, as a service does; `fetch` of the test gateways closes each. */
export function createWarmClient(port: number, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    ask(key: string, query = ''): Promise<TimedAnswer> {
      const begunAt = performance.now()
      return new Promise((done, fail) => {
        request(
          {
            host: '127.0.0.1',
            port,
            path: `/v1/validate${query}`,
            agent,
            headers: { 'x-api-key': key },
          },
          (response) => {
            text(response).then((read) => {
              const body = JSON.parse(read)
              const status = response.statusCode ?? 0
              done({ begunAt, endedAt: performance.now(), status, body, code: body.code ?? 'valid' })
            }, fail)
          },
        )
          .once('error', fail)
          .end()
      })
    },
    close: () => agent.destroy(),
  }
}

export const portOf = (gateway: { url: string }) => Number(new URL(gateway.url).port)

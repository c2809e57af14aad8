import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface KeptAnswer {
  readonly port: number
  /** In milliseconds of this process's clock. */
  readonly begunAt: number
  readonly status: number
  /** The header `Connection`: `close` where the server gives the connection up. */
  readonly connection: string | undefined
  readonly body: string
}

/** One client that keeps one connection to each port, as a service does. A refused or reset request rejects. */
export function createKeptConnections() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    get: (port: number, path: string, headers: Record<string, string> = {}): Promise<KeptAnswer> =>
      new Promise((done, fail) => {
        const begunAt = performance.now()
        request({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
          text(response).then((body) => {
            const { connection } = response.headers
            done({ port, begunAt, status: response.statusCode ?? 0, connection, body })
          }, fail)
        })
          .once('error', fail)
          .end()
      }),
    close: () => agent.destroy(),
  }
}

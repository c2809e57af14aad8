import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** An answer or the lack of one, and when, in milliseconds of this process's clock. */
export interface TimedReply {
  readonly sentAt: number
  readonly answeredAt: number
  /** Null: there was no answer, and `failure` says why. */
  readonly status: number | null
  readonly failure: string
  readonly body: any
  /** Of a problem document. */
  readonly code: string
}

export interface TimedClient {
  /**
   * Never rejects: a connection that breaks is a finding or not, as the test knows. `sent` is called when the whole
   * request has been handed over.
   */
  send(
    path: string,
    options?: { method?: string; headers?: Record<string, string>; json?: unknown; sent?: () => void },
  ): Promise<TimedReply>
  close(): void
}

/** Longer than anything may take: what has no answer by then never gets one. */
const giveUpMs = 20_000

/** Asks over connections that stay open, as a service does, and says when each request was sent. */
export function createTimedClient(port: number): TimedClient {
  const agent = new Agent({ keepAlive: true })
  return {
    send: (path, { method = 'GET', headers = {}, json, sent } = {}) =>
      new Promise((done) => {
        const sentAt = performance.now()
        const ended = (status: number | null, failure: string, body: any) =>
          done({ sentAt, answeredAt: performance.now(), status, failure, body, code: body?.code ?? '' })
        const type = json === undefined ? {} : { 'content-type': 'application/json' }
        const asking = request(
          { host: '127.0.0.1', port, path, method, agent, headers: { ...type, ...headers } },
          (response) => {
            text(response).then(
              (read) => ended(response.statusCode ?? null, '', parsed(read)),
              (error) => ended(null, String(error), null),
            )
          },
        )
        asking.setTimeout(giveUpMs, () => asking.destroy(new Error(`no answer in ${giveUpMs} ms`)))
        if (sent !== undefined) asking.once('finish', sent)
        asking.once('error', (error) => ended(null, String(error), null))
        asking.end(json === undefined ? undefined : JSON.stringify(json))
      }),
    close: () => agent.destroy(),
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

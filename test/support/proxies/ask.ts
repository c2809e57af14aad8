import { type Agent, request } from 'node:https'
import { connect } from 'node:tls'

export interface ProxyAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Question {
  readonly method?: string
  /** Header lines in their order, as written; `Host` is there unless one of them is it. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Buffer
  /** Without one each request has a connection of its own. */
  readonly agent?: Agent
  /** The name that the TLS handshake asks for. */
  readonly serverName?: string
}

/** Asks a proxy on this machine over TLS, with a target and headers that nobody tidies up. */
export function ask(port: number, target: string, question: Question = {}): Promise<ProxyAnswer> {
  const { method = 'GET', headers = [], body, agent, serverName = 'app.corp.test' } = question
  const hasHost = headers.some(([name]) => name.toLowerCase() === 'host')
  const lines = [
    ...(hasHost ? [] : [['Host', `app.corp.test:${port}`]]),
    ...headers,
    ...(body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]]),
    ...(agent === undefined ? [['Connection', 'close']] : []),
  ]
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        servername: serverName,
        rejectUnauthorized: false,
        method,
        path: target,
        headers: lines.flat(),
        agent: agent ?? false,
        timeout: 20_000,
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        )
        response.on('error', reject)
      },
    )
    // A WebSocket that was let through.
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' })
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s')))
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Sends these bytes over TLS, and answers all that comes back until the connection is closed. */
export function askInBytes(port: number, bytes: string, serverName = 'app.corp.test'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: serverName, rejectUnauthorized: false })
    let answer = ''
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')))
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    socket.write(bytes, 'latin1')
  })
}

/** The header lines of a WebSocket handshake as a browser sends it. */
export const webSocketHeaders = [
  ['Connection', 'keep-alive, Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-Fetch-Mode', 'websocket'],
] as const

/** What a browser sends when somebody opens a page. */
export const navigationHeaders = [
  ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Dest', 'document'],
] as const

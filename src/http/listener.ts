import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { App } from './app.ts'
import { createRefuseMalformed, malformedResponse } from './refuse-malformed.ts'

const idleCheckMs = 100

/** Keydesk behind a socket. What Node refuses before there is a request is answered in the form of the contract too. */
export function createListener(gateway: Pick<App, 'fetch'>, baseUrl: string): Server {
  const server = createServer(
    // A missing Host is refused below, with a body that says so.
    {
      requestTimeout: 30_000,
      headersTimeout: 15_000,
      // Longer than proxies keep theirs (60 s as a rule): else they send into a connection that we are closing.
      keepAliveTimeout: 65_000,
      requireHostHeader: false,
    },
    getRequestListener((request, bindings) => gateway.fetch(request, bindings), {
      errorHandler: () =>
        malformedResponse(baseUrl, 'The Host header or the request target is not well formed.'),
    }),
  )
  server.on('clientError', createRefuseMalformed(baseUrl))
  server.on('checkExpectation', (_request, response) => {
    const refusal = malformedResponse(baseUrl, 'The only expectation that can be met is 100-continue.')
    void refusal
      .text()
      .then((body) => response.writeHead(refusal.status, Object.fromEntries(refusal.headers)).end(body))
  })
  return server
}

/**
 * From now on every answer ends its connection (RFC 9112 §9.6), so that clients which keep theirs open connect anew, where
 * there is somebody who stays. Node by itself would keep them until they fall idle.
 */
export function endConnectionsAfterAnswer(server: Server): void {
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'))
}

/**
 * Stops accepting and resolves when the last answer is out. Connections that clients keep open are closed as they fall
 * idle; after `secondsMax` those that are still busy are cut.
 */
export function drain(server: Server, secondsMax: number): Promise<void> {
  return new Promise((resolve) => {
    const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs)
    const cut = setTimeout(() => server.closeAllConnections(), secondsMax * 1000)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A request as the app got it. */
export interface Received {
  readonly method: string
  /** As it stood in the request line. */
  readonly target: string
  /** Every header line: the name as it was written, and the value. */
  readonly headers: readonly (readonly [string, string])[]
  readonly bytes: number
  readonly sha256: string
}

/** An app with no authentication of its own, which answers what it got, and shakes hands with WebSockets. */
export interface EchoApp {
  readonly port: number
  /** Everything that reached it, oldest first. */
  readonly received: Received[]
  close(): Promise<void>
}

export async function startEchoApp(): Promise<EchoApp> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ maxHeaderSize: 65_536 }, async (request, response) => {
    const body = await buffer(request).catch(() => undefined)
    if (body === undefined) return
    // Browsers ask for it whenever they like.
    if (request.url === '/favicon.ico') return response.writeHead(404).end()
    const noted = note(request, body)
    received.push(noted)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(noted))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket) => {
    received.push(note(request, Buffer.alloc(0)))
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.on('error', () => socket.destroy())
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.address() as AddressInfo).port,
    received,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function note(request: IncomingMessage, body: Buffer): Received {
  const { rawHeaders } = request
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
    ),
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  }
}

/** What reached the app under this name, whichever way it is written: as CGI and WSGI read it, `-` and `_` are one. */
export function asAppsRead(received: Received, name: string): string[] {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')
  return received.headers.filter(([other]) => plain(other) === plain(name)).map(([, value]) => value)
}

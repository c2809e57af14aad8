import { connect } from 'node:net'

/** An answer as it came over the wire. Header names are lower-case. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A header line as bytes: what `fetch` would normalize or refuse to send. */
export type RawHeaders = readonly (readonly [string, string | Buffer])[]

/**
 * Sends a request byte by byte as given, without any client in between that would tidy it up, and answers what came
 * back; null when the connection was closed without an answer. The connection is closed after each.
 */
export function sendRaw(
  url: string,
  request: { method?: string; path: string; headers?: RawHeaders; body?: string | Buffer },
): Promise<RawAnswer | null> {
  const { method = 'GET', path, headers = [], body } = request
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  const lines: (string | Buffer)[] = [`${method} ${path} HTTP/1.1\r\n`]
  if (!names.has('host')) lines.push(`Host: ${new URL(url).host}\r\n`)
  for (const [name, value] of headers) lines.push(`${name}: `, value, '\r\n')
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    lines.push(`Content-Length: ${Buffer.byteLength(body)}\r\n`)
  }
  lines.push('Connection: close\r\n\r\n')
  if (body !== undefined) lines.push(body)
  return sendBytes(url, Buffer.concat(lines.map((line) => Buffer.from(line))))
}

export function sendBytes(url: string, bytes: Buffer): Promise<RawAnswer | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const chunks: Buffer[] = []
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')))
    socket.on('data', (chunk) => chunks.push(chunk))
    // The gateway may answer and hang up before everything was sent: what it said counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(chunks))))
    socket.write(bytes)
  })
}

function parseAnswer(bytes: Buffer): RawAnswer | null {
  const text = bytes.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? []
  if (status === undefined || end === -1) return null
  const headers: Record<string, string> = {}
  for (const line of text.slice(0, end).split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const body = bytes.subarray(end + 4).toString('utf8')
  return {
    status: Number(status),
    headers,
    body: headers['transfer-encoding'] === undefined ? body : unchunk(body),
  }
}

function unchunk(body: string): string {
  return body.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/gi, '').replace(/\r\n\r\n$/, '')
}

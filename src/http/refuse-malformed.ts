import type { Duplex } from 'node:stream'
import { type ErrorCode, errorCodes } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import { problemDocument } from './problem.ts'
import { responseHeaders } from './response-headers.ts'

const lingerMs = 1000

/** The answer to what cannot become a request; it has no route and no log line, but it has an id. */
export function malformedResponse(
  baseUrl: string,
  detail: string,
  code: ErrorCode = 'invalid_request',
): Response {
  const requestId = `req_${randomText(14)}`
  return new Response(JSON.stringify(problemDocument(code, detail, requestId)), {
    status: errorCodes[code].status,
    headers: {
      ...responseHeaders(baseUrl),
      'Content-Type': 'application/problem+json',
      'X-Request-Id': requestId,
      Connection: 'close',
    },
  })
}

/** Answers what Node's HTTP parser refuses: headers that are too large, malformed lines, requests that stall. */
export function createRefuseMalformed(baseUrl: string) {
  return function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const response = malformedResponse(baseUrl, ...reasonOf(error.code))
    void response.text().then((body) => {
      const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`)
      const status = response.status === 413 ? '413 Content Too Large' : '400 Bad Request'
      const head = [`HTTP/1.1 ${status}`, ...lines, `content-length: ${Buffer.byteLength(body)}`]
      socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
      // A client that never closes its side would hold the socket for ever: nothing times out any more.
      setTimeout(() => socket.destroy(), lingerMs).unref()
    })
  }
}

function reasonOf(code: string | undefined): [string, ErrorCode] {
  if (code === 'HPE_HEADER_OVERFLOW') return ['The headers are larger than 16 KiB.', 'too_large']
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return ['The request did not come to its end in time.', 'invalid_request']
  return ['This is not a well-formed HTTP request.', 'invalid_request']
}

import type { Duplex } from 'node:stream'
import { errorCodes } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import { problemDocument } from './problem.ts'

/**
 * Answers, in the form of the contract, what Node's HTTP parser refuses before there is a request: headers that are too
 * large, malformed lines, connections that stall.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'too_large' : 'invalid_request'
  const requestId = `req_${randomText(14)}`
  const detail =
    code === 'too_large' ? 'The headers are larger than 16 KiB.' : 'This is not a well-formed HTTP request.'
  const body = JSON.stringify(problemDocument(code, detail, requestId))
  const { status } = errorCodes[code]
  socket.end(
    [
      `HTTP/1.1 ${status} ${status === 413 ? 'Content Too Large' : 'Bad Request'}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

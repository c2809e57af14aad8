import type { ServerResponse } from 'node:http'
import type { TokenBehaviour } from './wrong-issuer-behaviour.ts'

/** A right answer, before the endpoint's behaviour spoils it. */
export interface Answer {
  status: number
  body: Record<string, unknown>
}

/**
 * Sends the answer as the behaviour wants it; what is not about the transport is in the answer already.
 * `elsewhere` is where 'redirect' points.
 */
export function sendAnswer(
  response: ServerResponse,
  behaviour: TokenBehaviour,
  { status, body }: Answer,
  elsewhere: string,
): void {
  if (behaviour === 'hang') return
  if (behaviour === 'trickle') {
    trickle(response)
  } else if (behaviour === 'redirect') {
    response.writeHead(307, { Location: elsewhere }).end()
  } else if (behaviour === 'not-json') {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Busy</title>')
  } else if (behaviour === 'status-500') {
    sendJson(response, 500, { error: 'server_error', error_description: hostileText })
  } else if (behaviour === 'junk-2mb') {
    sendJson(response, status, { ...body, padding: 'x'.repeat(2 * 1024 * 1024) })
  } else {
    sendJson(response, status, body)
  }
}

/** Nothing of this may appear on a page as it stands. */
export const hostileText = '<script>alert(1)</script>'

function sendJson(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body))
}

/** White space is valid before JSON, so nothing but a limit on the whole time ends this. */
function trickle(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 100)
  response.on('close', () => clearInterval(timer))
}

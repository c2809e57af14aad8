import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { RawAnswer } from './raw-answer.ts'

/*
 * The limit: what this server could do at best. `limit-server.ts <port> <file> <path>` answers the path with the answer in
 * the file and a fresh request id, and checks nothing.
 */

const [, , port = '', file = '', path = ''] = process.argv
const { status, headers, body, requestId } = JSON.parse(readFileSync(file, 'utf8')) as RawAnswer
const fixed = Object.fromEntries(headers.filter(([name]) => name.toLowerCase() !== 'x-request-id'))
const processPart = requestId.slice(0, -6)
let count = 0

const app = new Hono()
// The id of a refusal is in its body too; a good key's answer is the same text each time.
const [start = '', end] = body.split(requestId)
app.get(path, () => {
  count += 1
  const id = processPart + count.toString(36).padStart(6, '0')
  return new Response(end === undefined ? start : start + id + end, {
    status,
    headers: { ...fixed, 'X-Request-Id': id },
  })
})

createServer({ requestTimeout: 30_000, headersTimeout: 15_000 }, getRequestListener(app.fetch)).listen(
  Number(port),
  '127.0.0.1',
)
process.once('SIGTERM', () => process.exit(0))

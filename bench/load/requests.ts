import { readFileSync } from 'node:fs'
import type { LoadPlan } from './plan.ts'

/** Where a connection gets its next request from. Null when there is none left. */
export interface RequestSource {
  next(connection: number): Buffer | null
  /** How many there are in all; null where they do not end. */
  readonly count: number | null
}

const base62 = Buffer.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 'latin1')
const hexadecimal = Buffer.from('0123456789abcdef', 'latin1')

export function createRequestSource(plan: LoadPlan): RequestSource {
  const { keys, port } = plan
  if (keys.from === 'forger') return forgedRequests(port, plan.connections)
  if (keys.from === 'requests') {
    const texts = JSON.parse(readFileSync(keys.file, 'utf8')) as string[]
    return anyOf(texts.map((text) => Buffer.from(text, 'latin1')))
  }
  const requests = readFileSync(keys.file, 'utf8')
    .trim()
    .split('\n')
    .map((keyText) => requestFor(port, keyText))
  if (keys.order === 'random') return anyOf(requests)
  let index = 0
  return {
    next: () => {
      index += 1
      return requests[index - 1] ?? null
    },
    count: requests.length,
  }
}

function anyOf(requests: readonly Buffer[]): RequestSource {
  return { next: () => requests[Math.floor(Math.random() * requests.length)] ?? null, count: null }
}

/** Each connection writes its next forgery over its last, which has been answered by then. */
function forgedRequests(port: number, connections: number): RequestSource {
  const id = '0'.repeat(12)
  const rest = '0'.repeat(43 + 16)
  const templates = Array.from({ length: connections }, () => requestFor(port, `kd_${id}_${rest}`))
  const idAt = templates[0]?.indexOf(`kd_${id}`) ?? 0
  const secretAt = idAt + 'kd_'.length + id.length + 1
  return {
    next: (connection) => {
      const request = templates[connection] ?? null
      if (request === null) return null
      scatter(request, idAt + 'kd_'.length, 12, base62)
      scatter(request, secretAt, 43, base62)
      scatter(request, secretAt + 43, 16, hexadecimal)
      return request
    },
    count: null,
  }
}

function scatter(request: Buffer, from: number, length: number, alphabet: Buffer): void {
  for (let at = from; at < from + length; at += 1) {
    request[at] = alphabet[Math.floor(Math.random() * alphabet.length)] ?? 0
  }
}

export function requestFor(port: number, keyText: string): Buffer {
  const lines = [
    'GET /v1/validate HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'User-Agent: keydesk-bench',
    'Accept: */*',
    `X-API-Key: ${keyText}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

import type { Context } from 'hono'
import type { AppEnvironment } from './environment.ts'

/** The request headers that verification reads; a header that was sent twice is both values, joined by ", ". */
export interface VerificationHeaders {
  'x-api-key'?: string
  authorization?: string
  'x-forwarded-for'?: string
  'x-forwarded-proto'?: string
  'user-agent'?: string
  accept?: string
}

const wanted: ReadonlySet<string> = new Set<keyof VerificationHeaders>([
  'x-api-key',
  'authorization',
  'x-forwarded-for',
  'x-forwarded-proto',
  'user-agent',
  'accept',
])

/**
 * Reads the headers in one pass over what came over the wire: building a Headers object for every verification costs
 * more than the verification. It sees every line, so a credential that was sent twice cannot pass as one.
 */
export function readVerificationHeaders(c: Context<AppEnvironment>): VerificationHeaders {
  const headers: VerificationHeaders = {}
  const add = (name: string, value: string) => {
    const known = name as keyof VerificationHeaders
    const before = headers[known]
    headers[known] = before === undefined ? value : `${before}, ${value}`
  }
  const lines = c.env?.incoming?.rawHeaders
  if (lines === undefined) {
    for (const name of wanted) {
      const value = c.req.raw.headers.get(name)
      if (value !== null) add(name, value)
    }
    return headers
  }
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index]?.toLowerCase() ?? ''
    if (wanted.has(name)) add(name, lines[index + 1] ?? '')
  }
  return headers
}

/** The query of the request with its question mark, or an empty text. */
export function queryOf(c: Context<AppEnvironment>): string {
  const url = c.env?.incoming?.url ?? c.req.url
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start)
}

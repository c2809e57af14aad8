import { KeydeskError } from '../domain/errors.ts'

export interface BoundedResponse {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** A header of the answer, or null. */
  readonly header: (name: string) => string | null
}

export type BoundedFetch = (url: string, init?: RequestInit) => Promise<BoundedResponse>

const defaultBytesMax = 256 * 1024

/**
 * The only way out of Keydesk: `timeoutSeconds` for the whole exchange with the body, 256 KiB unless `bytesMax` says
 * otherwise, no redirect followed.
 * @throws KeydeskError `provider_error`
 */
export function createBoundedFetch(timeoutSeconds: number, bytesMax = defaultBytesMax): BoundedFetch {
  return async function boundedFetch(url, init = {}) {
    const abort = new AbortController()
    let timer: NodeJS.Timeout | undefined
    // A race, and not the signal alone: fetch holds the signal weakly, and forgets it when garbage is collected.
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        abort.abort()
        reject(new Refused(`no whole answer within ${timeoutSeconds} s`))
      }, timeoutSeconds * 1000)
    })
    try {
      const asking = fetch(url, { ...init, redirect: 'error', signal: abort.signal })
      const response = await Promise.race([asking, deadline])
      const body = await readBody(response, deadline, bytesMax)
      return {
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        body,
        header: (name) => response.headers.get(name),
      }
    } catch (error) {
      throw providerError('provider_unreachable', describeFailure(error))
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Everything that goes wrong at a provider: the person learns that, the log learns what. */
export function providerError(reason: string, cause?: unknown): KeydeskError {
  return new KeydeskError('provider_error', {
    message:
      'The sign-in provider did not answer, or its answer did not pass our checks. Nothing was changed.',
    reason,
    cause,
  })
}

/** The JSON object of a 200 answer. @throws KeydeskError `provider_error` */
export function readJsonObject(response: BoundedResponse, what: string): Record<string, unknown> {
  if (response.status !== 200) throw providerError(`${what}_status`, new Error(`status ${response.status}`))
  return parseJsonObject(response.body, what)
}

/** @throws KeydeskError `provider_error` */
export function parseJsonObject(body: string, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    // The parser's error quotes the body, which may hold a token.
    throw providerError(`${what}_not_json`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw providerError(`${what}_not_object`)
  return value as Record<string, unknown>
}

/** Our own words about a refusal: the only error texts that may pass on. */
class Refused extends Error {}

async function readBody(response: Response, deadline: Promise<never>, bytesMax: number): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), deadline])
      if (done) return Buffer.concat(chunks).toString('utf8')
      bytes += value.byteLength
      if (bytes > bytesMax) throw new Refused(`the answer is larger than ${bytesMax} bytes`)
      chunks.push(value)
    }
  } catch (error) {
    // Ends the connection: nothing more is read from the wire.
    reader.cancel().catch(() => undefined)
    throw error
  }
}

/** What fetch says of a failure may quote headers, and so tokens: only codes of the system pass on. */
function describeFailure(error: unknown): Error {
  if (error instanceof Refused) return error
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no code'
  return new Error(`the request failed (${code})`)
}

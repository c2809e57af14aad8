import { KeydeskError } from '../domain/errors.ts'

export interface BoundedResponse {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export type BoundedFetch = (url: string, init?: RequestInit) => Promise<BoundedResponse>

const bytesMax = 256 * 1024

/**
 * The only way out of Keydesk: `timeoutSeconds` for the whole exchange with the body, 256 KiB, no redirect followed.
 * @throws KeydeskError `provider_error`
 */
export function createBoundedFetch(timeoutSeconds: number): BoundedFetch {
  return async function boundedFetch(url, init = {}) {
    try {
      const signal = AbortSignal.timeout(timeoutSeconds * 1000)
      const response = await fetch(url, { ...init, redirect: 'error', signal })
      return {
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        body: await readBody(response),
      }
    } catch (cause) {
      throw providerError('provider_unreachable', cause)
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

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    // Leaving the loop cancels the stream, so nothing more is read from the wire.
    if (bytes > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

import { KeydeskError } from '../domain/errors.ts'
import { createBoundedFetch, parseJsonObject, providerError } from './bounded-fetch.ts'

/** What the list at ALLOWLIST_URL says, as it is written there. */
export interface FetchedAllowlist {
  readonly domains: readonly unknown[]
  readonly emails: readonly unknown[]
  readonly etag: string | null
  readonly lastModified: string | null
}

export type AllowlistSource = (known: {
  etag: string | null
  lastModified: string | null
}) => Promise<FetchedAllowlist | 'unchanged'>

const timeoutSeconds = 5
/** Some forty thousand addresses. */
const bytesMax = 2 * 1024 * 1024

/**
 * Fetches the external list, conditionally (RFC 9110 §13.1) where a copy is known. Within 5 s, 2 MiB, no redirect.
 * @throws KeydeskError `provider_error`
 */
export function createAllowlistSource(options: { url: string; token: string | undefined }): AllowlistSource {
  const fetch = createBoundedFetch(timeoutSeconds, bytesMax)

  return async function fetchAllowlist(known) {
    try {
      return await fetchOnce(known)
    } catch (error) {
      if (!(error instanceof KeydeskError)) throw error
      const { reason, cause = new Error(reason) } = error
      throw error.with({ message: `No good list came (${reason}).`, cause })
    }
  }

  async function fetchOnce({ etag, lastModified }: Parameters<AllowlistSource>[0]) {
    const headers: Record<string, string> = { accept: 'application/json' }
    if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`
    if (etag !== null) headers['if-none-match'] = etag
    else if (lastModified !== null) headers['if-modified-since'] = lastModified
    const response = await fetch(options.url, { headers })
    if (response.status === 304 && (etag !== null || lastModified !== null)) return 'unchanged' as const
    if (response.status !== 200)
      throw providerError('allowlist_status', new Error(`status ${response.status}`))
    const { domains, emails } = parseJsonObject(response.body, 'allowlist')
    if (!Array.isArray(domains) || !Array.isArray(emails)) throw providerError('allowlist_no_lists')
    return {
      domains,
      emails,
      etag: headerOf(response.header('etag')),
      lastModified: headerOf(response.header('last-modified')),
    }
  }
}

/** What is sent back as it came has to be something that a header can hold. */
function headerOf(value: string | null): string | null {
  return value !== null && /^[ -~]{1,500}$/.test(value) ? value : null
}

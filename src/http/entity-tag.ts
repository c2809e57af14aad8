import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { KeydeskError } from '../domain/errors.ts'

/** The ETag of something of ours (RFC 9110 §8.8.3): its version, which using it does not move. */
export function entityTag({ version }: { readonly version: number }): string {
  return `"${version}"`
}

/** The ETag of a text that is the same for everybody until the process ends. */
export function textTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
}

/**
 * The version that If-Match wants (RFC 9110 §13.1.1); null where the caller takes any.
 * @throws KeydeskError `invalid_request`, `precondition_failed` for a tag that can never match
 */
export function wantedVersion(c: Context): number | null {
  const header = c.req.header('if-match')?.trim()
  if (header === undefined || header === '*') return null
  const [, version] = /^"(0|[1-9][0-9]{0,8})"$/.exec(header) ?? []
  if (version !== undefined) return Number(version)
  if (/^(W\/)?"[^"]*"$/.test(header)) {
    throw new KeydeskError('precondition_failed', {
      message: 'If-Match is not the ETag of what is here now. Read it again, and decide again.',
    })
  }
  throw new KeydeskError('invalid_request', { message: 'If-Match: must be one ETag, such as "3", or *.' })
}

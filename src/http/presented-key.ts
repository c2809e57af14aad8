import { KeydeskError } from '../domain/errors.ts'
import { looksLikeKeyText } from '../domain/key-text.ts'

/**
 * The one credential of a request: `X-API-Key`, or `Authorization: Bearer`; or why there is none that counts. Two at once
 * are refused, so that no two readers of a request can disagree about whose it is; a key in the URL is refused, since
 * URLs end up in logs.
 */
export function presentedKey(
  headers: { 'x-api-key'?: string; authorization?: string },
  query: string,
): string | KeydeskError {
  const { 'x-api-key': header, authorization } = headers
  if (query !== '' && looksLikeKeyText(query)) {
    return new KeydeskError('invalid_key', {
      message:
        'A key in the URL is never read. Send it as the header X-API-Key, and revoke this one: URLs are logged.',
    })
  }
  if (header !== undefined && authorization !== undefined) {
    return new KeydeskError('invalid_key', {
      message: 'Two credentials were sent. Send the key once, as X-API-Key or as Authorization: Bearer.',
    })
  }
  // Whatever follows `Bearer` was meant as a key, and is refused as one where it is none.
  const key = header ?? /^bearer +(.*)$/i.exec(authorization ?? '')?.[1]
  if (key !== undefined && key !== '') return key
  return new KeydeskError('missing_key', { message: 'Send your API key as the header X-API-Key.' })
}

import { KeydeskError } from '../domain/errors.ts'
import { looksLikeKeyText } from '../domain/key-text.ts'

/**
 * The one credential of a request: `X-API-Key`, or `Authorization: Bearer`. Two at once are refused, so that no two
 * readers of a request can disagree about whose it is; a key in the URL is refused, since URLs end up in logs.
 * @throws KeydeskError `missing_key`, `invalid_key`
 */
export function presentedKey(
  headers: { 'x-api-key'?: string; authorization?: string },
  query: string,
): string {
  const { 'x-api-key': header, authorization } = headers
  if (query !== '' && looksLikeKeyText(query)) {
    throw new KeydeskError('invalid_key', {
      message:
        'A key in the URL is never read. Send it as the header X-API-Key, and revoke this one: URLs are logged.',
    })
  }
  if (header !== undefined && authorization !== undefined) {
    throw new KeydeskError('invalid_key', {
      message: 'Two credentials were sent. Send the key once, as X-API-Key or as Authorization: Bearer.',
    })
  }
  const key = header ?? bearerOf(authorization)
  if (key === undefined || key === '') {
    throw new KeydeskError('missing_key', { message: 'Send your API key as the header X-API-Key.' })
  }
  return key
}

function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(.*)$/i.exec(authorization)?.[1]
}

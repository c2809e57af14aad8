import { KeydeskError } from '../domain/errors.ts'
import { parseKeyText } from '../domain/key-text.ts'
import { OAuthError } from './oauth-problem.ts'
import { presentedKey } from './presented-key.ts'

/** A client as OAuth has it (RFC 6749 §2.3.1): its id is the id of a key, and its secret the whole key. */
interface Client {
  readonly id: string | undefined
  readonly secret: string | undefined
}

/**
 * The key of a request, in a header of ours or as an OAuth client, by Basic or in the body; null where nobody shows
 * anything, and why there is none that counts. One credential, shown once: whatever else is sent is refused.
 */
export function presentedClient(
  headers: { 'x-api-key'?: string; authorization?: string },
  query: string,
  body: { client_id?: string | undefined; client_secret?: string | undefined },
): string | KeydeskError | null {
  const ours = presentedKey(headers, query)
  if (ours instanceof KeydeskError && ours.code !== 'missing_key') return ours
  const { authorization } = headers
  const basic = authorization === undefined ? null : readBasic(authorization)
  const posted = { id: body.client_id, secret: body.client_secret }
  const isHeaderShown = authorization !== undefined || headers['x-api-key'] !== undefined
  if (isHeaderShown && posted.secret !== undefined) {
    return new OAuthError('invalid_request', {
      message: 'Two credentials were sent. Send the key once: in a header, or as client_secret.',
    })
  }
  if (!(ours instanceof KeydeskError)) return sameId(ours, posted.id) ? ours : wrongClient
  if (basic !== null) return sameId(basic.secret, posted.id) ? keyOf(basic) : wrongClient
  if (isHeaderShown) return ours
  return posted.id === undefined && posted.secret === undefined ? null : keyOf(posted)
}

const wrongClient = new KeydeskError('invalid_key', {
  message: 'The client is not known. Its client_id is the id of a key, and its client_secret that whole key.',
})

function keyOf({ id, secret }: Client): string | KeydeskError {
  return id !== undefined && secret !== undefined && sameId(secret, id) ? secret : wrongClient
}

/** Whether a client id, where there is one, is that of the key. */
function sameId(keyText: string | undefined, id: string | undefined): boolean {
  return id === undefined || (keyText !== undefined && parseKeyText(keyText)?.id === id)
}

/** Both parts are encoded as in a form, and then in Base64. Null for any other scheme. */
function readBasic(authorization: string): Client | null {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization) ?? []
  if (encoded === undefined) return /^basic( |$)/i.test(authorization) ? { id: '', secret: '' } : null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) return { id: '', secret: '' }
  return { id: fromForm(text.slice(0, colon)), secret: fromForm(text.slice(colon + 1)) }
}

function fromForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return ''
  }
}

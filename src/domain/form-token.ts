import { createHmac, randomBytes } from 'node:crypto'
import { equalInConstantTime } from './constant-time.ts'

const saltBytes = 16

/**
 * The token of a form: a random salt and, over it and the id of the session, an HMAC-SHA256. Nobody else's page can
 * make one (OWASP CSRF, signed tokens). The salt differs on every page, so that nothing can be learnt from their
 * compressed lengths.
 */
export function newFormToken(key: Uint8Array, sessionId: string): string {
  const salt = randomBytes(saltBytes).toString('base64url')
  return `${salt}.${macOf(key, salt, sessionId)}`
}

/** Whether a text is a token of a form of this session. */
export function isFormToken(text: string, key: Uint8Array, sessionId: string): boolean {
  const [salt = '', mac = '', ...rest] = text.split('.')
  return rest.length === 0 && equalInConstantTime(mac, macOf(key, salt, sessionId))
}

function macOf(key: Uint8Array, salt: string, sessionId: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([salt, sessionId]))
    .digest('base64url')
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const version = 'v1'
const ivBytes = 12
const authTagBytes = 16

/**
 * Encrypts and authenticates a text with AES-256-GCM. `context` is bound to it: opening wants the same one, so a sealed
 * text cannot be moved to another place. The answer is `v1.<base64url>`.
 */
export function seal(text: string, key: Uint8Array, context: string): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${version}.${sealed.toString('base64url')}`
}

/** Opens what `seal` made, or answers null: wrong key, wrong context, changed or malformed text. */
export function openSealed(sealed: string, key: Uint8Array, context: string): string | null {
  const [shownVersion, body, ...rest] = sealed.split('.')
  if (shownVersion !== version || body === undefined || rest.length > 0) return null
  const bytes = Buffer.from(body, 'base64url')
  if (bytes.length < ivBytes + authTagBytes || bytes.toString('base64url') !== body) return null
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), {
      authTagLength: authTagBytes,
    })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(bytes.subarray(-authTagBytes))
    const opened = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -authTagBytes)), decipher.final()])
    return opened.toString('utf8')
  } catch {
    return null
  }
}

import type { Context } from 'hono'
import { sha256 } from '../domain/constant-time.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { OnceRequest } from '../services/make-once.ts'
import type { AppEnvironment } from './environment.ts'

/** What Idempotency-Key asks for, or null where it was not sent. @throws KeydeskError `invalid_request` */
export async function readOnce(c: Context<AppEnvironment>): Promise<OnceRequest | null> {
  const name = c.req.header('idempotency-key')
  if (name === undefined) return null
  if (!/^[!-~]{1,200}$/.test(name)) {
    throw new KeydeskError('invalid_request', {
      message: 'Idempotency-Key: must be 1 to 200 printable ASCII characters without spaces.',
    })
  }
  return onceRequest(c, name, await c.req.text())
}

/**
 * The same for a form: its hidden field has the place of the header. A reload of the answer is the same request, and so is
 * the form of a page that somebody went back to and changed: they are told that it has made its key.
 */
export function onceOfForm(c: Context<AppEnvironment>, name: string): OnceRequest {
  return onceRequest(c, name, '')
}

function onceRequest(c: Context<AppEnvironment>, name: string, body: string): OnceRequest {
  const bodyHash = sha256(body).toString('base64url')
  return { actor: c.get('actor'), route: `${c.req.method} ${c.req.path}`, name, bodyHash }
}

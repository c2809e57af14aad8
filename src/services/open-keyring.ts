import { randomBytes } from 'node:crypto'
import { auditEvent } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { openSealed, seal } from '../domain/sealed-text.ts'
import type { WrappedKey } from '../storage/keyring.ts'
import type { Storage } from '../storage/storage.ts'

/** Keydesk's own keys, unwrapped. Held in memory only. */
export interface Keyring {
  /** Every tag key that ever made a key, oldest first; the last one makes new keys. */
  readonly tagKeys: readonly Uint8Array[]
}

const firstTagKeyId = 'tag-1'
const keyBytes = 32

/**
 * Unwraps the keyring at start, makes its tag key the first time, and wraps everything anew that is still under the
 * previous master key.
 * @throws KeydeskError `unavailable` when a key can be unwrapped by neither master key: nothing must start then.
 */
export async function openKeyring(dependencies: {
  storage: Storage
  wrapKey: Uint8Array
  previousWrapKey: Uint8Array | null
  now: () => Date
}): Promise<Keyring> {
  const { storage, wrapKey, previousWrapKey, now } = dependencies
  if ((await storage.keyring.all()).length === 0) {
    if (await storage.keys.exist()) {
      throw new KeydeskError('unavailable', {
        message:
          'The keyring in this database is empty, but there are API keys, which nothing could verify any more. ' +
          'Restore the table keyring from a backup.',
      })
    }
    await makeFirstTagKey()
  }
  // Read anew whoever made it: of two processes that start at once, one insert wins and both use that key.
  const tagKeys: Uint8Array[] = []
  for (const wrapped of await storage.keyring.all()) tagKeys.push(await unwrap(wrapped))
  return { tagKeys }

  async function makeFirstTagKey(): Promise<void> {
    const wrapped = wrap(firstTagKeyId, randomBytes(keyBytes).toString('base64url'))
    const key: WrappedKey = { id: firstTagKeyId, purpose: 'tag', wrapped, createdAt: now() }
    await storage.atomically((tx) => [
      storage.keyring.insert(tx, key),
      ...storage.audit.record(
        tx,
        auditEvent({ at: now(), action: 'keyring.created', actor: 'system', target: `keyring:${key.id}` }),
      ),
    ])
  }

  async function unwrap(key: WrappedKey): Promise<Uint8Array> {
    const context = contextOf(key.id)
    const opened = openSealed(key.wrapped, wrapKey, context)
    if (opened !== null) return Buffer.from(opened, 'base64url')
    const openedByPrevious =
      previousWrapKey === null ? null : openSealed(key.wrapped, previousWrapKey, context)
    if (openedByPrevious === null) {
      throw new KeydeskError('unavailable', {
        message:
          'PROXY_MASTER_KEY does not open the keyring in this database. Start with the master key that it was made with; ' +
          'to change it, set PROXY_MASTER_KEY to the new value and PROXY_MASTER_KEY_PREVIOUS to the old one.',
      })
    }
    await storage.atomically((tx) => [
      { statement: storage.keyring.rewrap(tx, key, wrap(key.id, openedByPrevious)), rows: 1 },
      ...storage.audit.record(
        tx,
        auditEvent({ at: now(), action: 'keyring.rewrapped', actor: 'system', target: `keyring:${key.id}` }),
      ),
    ])
    return Buffer.from(openedByPrevious, 'base64url')
  }

  function wrap(id: string, key: string): string {
    return seal(key, wrapKey, contextOf(id))
  }
}

function contextOf(id: string): string {
  return `keyring:${id}`
}

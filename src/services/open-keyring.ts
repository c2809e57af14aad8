import { randomBytes } from 'node:crypto'
import type { AuditKey } from '../domain/audit-chain.ts'
import { auditEvent } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { openSealed, seal } from '../domain/sealed-text.ts'
import type { WrappedKey } from '../storage/keyring.ts'
import type { Storage } from '../storage/storage.ts'

/** Keydesk's own keys, unwrapped. Held in memory only. */
export interface Keyring {
  /** Every tag key that ever made a key, oldest first; the last one makes new keys. */
  readonly tagKeys: readonly Uint8Array[]
  /** Every key that ever sealed audit events, oldest first; the last one seals. */
  readonly auditKeys: readonly AuditKey[]
}

const firstTagKeyId = 'tag-1'
const firstAuditKeyId = 'audit-1'
const keyBytes = 32

/**
 * Unwraps the keyring at start, makes its keys the first time, and wraps everything anew that is still under the
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
  const found = await storage.keyring.all()
  if (found.every(({ purpose }) => purpose !== 'tag')) {
    if (await storage.keys.exist()) {
      throw new KeydeskError('unavailable', {
        message:
          'The keyring in this database is empty, but there are API keys, which nothing could verify any more. ' +
          'Restore the table keyring from a backup.',
      })
    }
    await makeFirstKey(firstTagKeyId, 'tag')
  }
  // After the others are opened: nothing is made where the master key is the wrong one.
  const opened = await openAll()
  if (opened.auditKeys.length > 0) return opened
  await makeFirstKey(firstAuditKeyId, 'audit')
  // Read anew whoever made it: of two processes that start at once, one insert wins and both use that key.
  return openAll()

  async function openAll(): Promise<Keyring> {
    const tagKeys: Uint8Array[] = []
    const auditKeys: AuditKey[] = []
    for (const wrapped of await storage.keyring.all()) {
      const key = await unwrap(wrapped)
      // The wrapping is bound to the id, and the id says what the key is for.
      if (!wrapped.id.startsWith(`${wrapped.purpose}-`)) {
        throw new KeydeskError('unavailable', {
          message: `The key ${wrapped.id} of the keyring is marked for another use than it was made for. Restore the table keyring from a backup.`,
        })
      }
      if (wrapped.purpose === 'tag') tagKeys.push(key)
      else if (wrapped.purpose === 'audit') auditKeys.push({ id: wrapped.id, key })
      // Those for JWTs come and go while the process runs: `signing-keys.ts` opens them. Here they are re-wrapped.
    }
    return { tagKeys, auditKeys }
  }

  async function makeFirstKey(id: string, purpose: WrappedKey['purpose']): Promise<void> {
    const wrapped = wrap(id, randomBytes(keyBytes).toString('base64url'))
    const key: WrappedKey = { id, purpose, wrapped, createdAt: now() }
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

import type { Grantor } from '../domain/granting.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'

/**
 * For a list that makes a key: whoever asked is an admin still. Hashes wait in a queue, and who was switched off or
 * demoted meanwhile, or whose key was revoked, must get no key by it once that was acknowledged.
 */
export function grantorSteps(storage: Storage, tx: Writer, { actor, role }: Grantor, at: Date): Step[] {
  const [kind, id = ''] = actor.split(':')
  if (role !== 'admin') return []
  if (kind === 'user') return [{ statement: storage.users.requireAdmin(tx, id), rows: 1 }]
  return kind === 'key' ? [{ statement: storage.keys.requireAdminKey(tx, id, at), rows: 1 }] : []
}

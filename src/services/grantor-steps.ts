import type { Grantor } from '../domain/granting.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'

/**
 * For a list that makes a key: whoever asked by a session is signed in still, and who asked as an admin is one still.
 * Hashes wait in a queue, and whose session was ended meanwhile, who was switched off or demoted, or whose key was
 * revoked, must get no key by it once that was acknowledged.
 */
export function grantorSteps(
  storage: Storage,
  tx: Writer,
  { actor, role, sessionId }: Grantor,
  at: Date,
): Step[] {
  const session =
    sessionId === undefined ? [] : [{ statement: storage.sessions.require(tx, sessionId), rows: 1 }]
  const [kind, id = ''] = actor.split(':')
  if (role !== 'admin') return session
  if (kind === 'user') return [...session, { statement: storage.users.requireAdmin(tx, id), rows: 1 }]
  return kind === 'key' ? [{ statement: storage.keys.requireAdminKey(tx, id, at), rows: 1 }] : []
}

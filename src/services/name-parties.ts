import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'

/** Who did something, or what it was done to: a name for people to read, and the id. */
export interface Party {
  readonly kind: 'user' | 'key' | 'other'
  readonly label: string
  /** Of a user or a key; null for all else. */
  readonly id: string | null
}

export type NameParty = (reference: string) => Party

/**
 * Finds the names behind `user:<id>` and `key:<id>` of a page of events, in one query for users and one for keys. What
 * is not there any more keeps its id.
 */
export async function nameParties(
  storage: Storage,
  references: readonly (string | null)[],
): Promise<NameParty> {
  const users = await storage.users.findAll(idsOf(references, 'user:'))
  const keys = await storage.keys.namesOf(idsOf(references, 'key:'))
  const labels = new Map<string, string>([
    ...users.map((user) => [`user:${user.id}`, nameOf(user)] as const),
    ...keys.map(({ id, name }) => [`key:${id}`, `${name} (${id})`] as const),
  ])
  return (reference) => {
    const id = reference.slice(reference.indexOf(':') + 1)
    if (reference.startsWith('user:')) return { kind: 'user', id, label: labels.get(reference) ?? id }
    if (reference.startsWith('key:')) return { kind: 'key', id, label: labels.get(reference) ?? id }
    return { kind: 'other', id: null, label: others[reference] ?? reference }
  }
}

function nameOf({ id, name, email, status }: User): string {
  return status === 'erased' ? 'Somebody who was erased' : (name ?? email ?? id)
}

const others: Readonly<Record<string, string>> = {
  master_key: 'The master key',
  system: 'Keydesk',
  anonymous: 'Somebody unknown',
}

function idsOf(references: readonly (string | null)[], prefix: string): string[] {
  return references.filter((one) => one?.startsWith(prefix)).map((one) => (one ?? '').slice(prefix.length))
}

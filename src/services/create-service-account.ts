import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { randomText } from '../domain/random-text.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'

export type CreateServiceAccount = ReturnType<typeof createCreateServiceAccount>

/** Makes an owner of keys for machines. It signs in nowhere, and no access rule and no lease is about it. */
export function createCreateServiceAccount(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function createServiceAccount(
    account: { name: string; groups: readonly string[]; scopeLimit: readonly string[] | null },
    actor: Actor,
    origin: Origin,
  ): Promise<User> {
    const at = now()
    const user: User = {
      id: `usr_${randomText(16)}`,
      kind: 'service',
      email: null,
      name: account.name,
      picture: null,
      role: 'member',
      groups: [...new Set(account.groups)],
      status: 'active',
      scopeLimit: account.scopeLimit === null ? null : [...new Set(account.scopeLimit)],
      version: 1,
      createdAt: at,
      updatedAt: at,
    }
    const target = `user:${user.id}`
    const event = auditEvent({
      at,
      action: 'user.created',
      actor,
      target,
      facts: { kind: 'service' },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      storage.users.insert(tx, user),
      ...storage.audit.record(tx, event),
    ])
    if (!landed) throw new Error('a new service account did not land')
    return user
  }
}

import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { requireResponsible } from './responsible-people.ts'

export type CreateServiceAccount = ReturnType<typeof createCreateServiceAccount>

/**
 * Makes an owner of keys for machines, for which a person answers. It signs in nowhere, and no access rule and no lease is
 * about it. Nobody answers for it only where nobody can: on a desk that no active person has signed in to.
 * @throws KeydeskError `invalid_request` where `responsibleId` is not an active person's
 */
export function createCreateServiceAccount(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function createServiceAccount(
    account: Pick<User, 'name' | 'groups' | 'scopeLimit'> & { responsibleId: string | null },
    actor: Actor,
    origin: Origin,
  ): Promise<User> {
    const { responsibleId } = account
    await requireSomebody(responsibleId)
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
      responsibleId,
      createdAt: at,
      updatedAt: at,
    }
    const target = `user:${user.id}`
    const event = auditEvent({
      at,
      action: 'user.created',
      actor,
      target,
      facts: { kind: 'service', responsible_user_id: responsibleId },
      origin,
    })
    const landed = await storage.atomically((tx) => [
      ...(responsibleId === null
        ? []
        : [{ statement: storage.users.requireActive(tx, responsibleId), rows: 1 }]),
      storage.users.insert(tx, user),
      ...storage.audit.record(tx, event),
    ])
    if (!landed) {
      // Whoever was to answer for it went at the same moment.
      await requireSomebody(responsibleId)
      throw new Error('a new service account did not land')
    }
    return user
  }

  async function requireSomebody(responsibleId: string | null): Promise<void> {
    if (responsibleId !== null) return requireResponsible(storage, responsibleId)
    if ((await storage.users.activePeopleAfter('', 1)).length === 0) return
    throw new KeydeskError('invalid_request', {
      message: 'responsible_user_id: is needed with the master key: name the person who answers for it',
    })
  }
}

import { type Actor, type AuditAction, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { findLiveUser } from './find-live-user.ts'

/** What is not given stays as it is. */
export interface UserChange {
  readonly role?: User['role'] | undefined
  readonly status?: 'active' | 'disabled' | undefined
  readonly groups?: readonly string[] | undefined
  readonly scopeLimit?: readonly string[] | null | undefined
}

export type ChangeUser = ReturnType<typeof createChangeUser>

const triesMax = 3
/** As the API names them. */
const changeable = ['role', 'status', 'groups', 'scope_limit'] as const
const member = { role: 'role', status: 'status', groups: 'groups', scope_limit: 'scopeLimit' } as const

/**
 * Changes what an admin may change of a user, and answers when no replica acts on what was before. Disabling ends the
 * user's sessions; the keys stay, refused, until the user is enabled again.
 * @throws KeydeskError `not_found`, `invalid_request`, `conflict` for the last admin and where others keep changing the user.
 */
export function createChangeUser(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function changeUser(
    id: string,
    change: UserChange,
    actor: Actor,
    origin: Origin,
  ): Promise<User> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const before = await findLiveUser(storage, id)
      const { after, changed } = apply(before, change, now())
      if (changed.length === 0) {
        // Whoever asked the same before may not have been answered yet.
        await storage.confirmChanges()
        return before
      }
      if (before.kind === 'service' && after.role === 'admin') {
        throw new KeydeskError('invalid_request', {
          message: 'role: a service account signs in nowhere and cannot be an admin.',
        })
      }
      const losesAdmin = isActiveAdmin(before) && !isActiveAdmin(after)
      const common = { at: after.updatedAt, actor, target: `user:${id}`, origin }
      const facts = { changed, before: pick(before, changed), after: pick(after, changed) }
      const events = actionsOf(before, after).map((action) => auditEvent({ ...common, action, facts }))
      const landed = await storage.atomically((tx) => [
        ...(losesAdmin ? [{ statement: storage.users.requireOtherAdmin(tx, id), rows: 1 }] : []),
        { statement: storage.users.update(tx, after), rows: 1 },
        ...(after.status === 'disabled' ? [storage.sessions.endOfUser(tx, id)] : []),
        ...storage.audit.recordMany(tx, events),
      ])
      if (landed) {
        await storage.confirmChanges()
        return { ...after, version: after.version + 1 }
      }
      if (losesAdmin && !(await storage.users.hasOtherAdmin(id))) throw lastAdmin()
    }
    throw new KeydeskError('conflict', { message: 'Others changed this user at the same time. Try again.' })
  }
}

/** The last admin cannot go: nobody could let another one in. */
export function lastAdmin(): KeydeskError {
  return new KeydeskError('conflict', {
    message: 'This is the last admin. Make somebody else an admin first.',
  })
}

export function isActiveAdmin(user: Pick<User, 'kind' | 'role' | 'status'>): boolean {
  return user.kind === 'person' && user.role === 'admin' && user.status === 'active'
}

function apply(before: User, change: UserChange, at: Date) {
  const after: User = {
    ...before,
    role: change.role ?? before.role,
    status: change.status ?? before.status,
    groups: change.groups === undefined ? before.groups : [...new Set(change.groups)],
    scopeLimit: change.scopeLimit === undefined ? before.scopeLimit : distinct(change.scopeLimit),
    updatedAt: at,
  }
  const changed = changeable.filter((name) => !isSame(before[member[name]], after[member[name]]))
  return { after, changed }
}

function pick(user: User, names: readonly (typeof changeable)[number][]) {
  return Object.fromEntries(names.map((name) => [name, user[member[name]]]))
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function distinct(scopes: readonly string[] | null): string[] | null {
  return scopes === null ? null : [...new Set(scopes)]
}

/** One for each thing that somebody would look for by its name. */
function actionsOf(before: User, after: User): AuditAction[] {
  const status = after.status === 'disabled' ? 'user.disabled' : 'user.enabled'
  const isOther = !isSame([before.groups, before.scopeLimit], [after.groups, after.scopeLimit])
  return [
    ...(before.status === after.status ? [] : ([status] as const)),
    ...(before.role === after.role ? [] : (['user.role_changed'] as const)),
    ...(isOther ? (['user.updated'] as const) : []),
  ]
}

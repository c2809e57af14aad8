import { type AuditAction, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Grantor } from '../domain/granting.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { findLiveUser } from './find-live-user.ts'
import { requireVersion } from './require-version.ts'
import { requireWholeAdmin } from './require-whole-admin.ts'
import { requireResponsible } from './responsible-people.ts'

/** What is not given stays as it is. */
export interface UserChange {
  readonly role?: User['role'] | undefined
  readonly status?: 'active' | 'disabled' | undefined
  readonly groups?: readonly string[] | undefined
  readonly scopeLimit?: readonly string[] | null | undefined
  /** Of a service account alone: a person is called what the provider says, and answers for themselves. */
  readonly name?: string | undefined
  readonly responsibleId?: string | undefined
}

export type ChangeUser = ReturnType<typeof createChangeUser>

const triesMax = 3
/** As the API names them. */
const changeable = ['name', 'role', 'status', 'groups', 'scope_limit', 'responsible_user_id'] as const
const member = {
  name: 'name',
  role: 'role',
  status: 'status',
  groups: 'groups',
  scope_limit: 'scopeLimit',
  responsible_user_id: 'responsibleId',
} as const

/**
 * Changes what an admin may change of a user, and answers when no replica acts on what was before. Disabling ends the
 * user's sessions; the keys stay, refused, until the user is enabled again.
 * `version` is the one that the caller has seen; null takes any.
 * @throws KeydeskError `not_found`, `precondition_failed`, `invalid_request`, `insufficient_scope` for a key that asks with a
 * part of the rights, `conflict` for the last admin and where others keep changing the user.
 */
export function createChangeUser(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function changeUser(
    id: string,
    change: UserChange,
    version: number | null,
    grantor: Grantor,
    origin: Origin,
  ): Promise<User> {
    const { actor } = grantor
    if (change.role !== undefined) requireWholeAdmin(grantor)
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const before = await findLiveUser(storage, id)
      requireVersion(before, version)
      requireFitting(before, change)
      // An admin's limit may be what keeps the keys of that admin, and so the one that asks, from rights of ours.
      if (change.scopeLimit !== undefined && before.role === 'admin') requireWholeAdmin(grantor)
      // It would be one more admin, and bring back that admin's keys.
      if (change.status === 'active' && before.status !== 'active' && before.role === 'admin')
        requireWholeAdmin(grantor)
      const { after, changed } = apply(before, change, now())
      if (changed.length === 0) {
        // Whoever asked the same before may not have been answered yet.
        await storage.confirmChanges()
        return before
      }
      const responsibleId = changed.includes('responsible_user_id') ? after.responsibleId : null
      if (responsibleId !== null) await requireResponsible(storage, responsibleId)
      const losesAdmin = isActiveAdmin(before) && !isActiveAdmin(after)
      const common = { at: after.updatedAt, actor, target: `user:${id}`, origin }
      const facts = { changed, before: pick(before, changed), after: pick(after, changed) }
      const events = actionsOf(before, after).map((action) => auditEvent({ ...common, action, facts }))
      const landed = await storage.atomically((tx) => [
        ...(losesAdmin ? [{ statement: storage.users.requireOtherAdmin(tx, id), rows: 1 }] : []),
        ...(responsibleId === null
          ? []
          : [{ statement: storage.users.requireActive(tx, responsibleId), rows: 1 }]),
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

/** @throws KeydeskError `invalid_request` for what is not for people, or not for service accounts */
function requireFitting({ kind }: User, change: UserChange): void {
  const refusals = {
    service: [change.role === 'admin', 'role: a service account signs in nowhere and cannot be an admin.'],
    person: [
      change.name !== undefined || change.responsibleId !== undefined,
      'name, responsible_user_id: are for service accounts. A person is called what their provider says.',
    ],
  } as const
  const [isRefused, message] = refusals[kind]
  if (isRefused) throw new KeydeskError('invalid_request', { message })
}

function apply(before: User, change: UserChange, at: Date) {
  const after: User = {
    ...before,
    name: change.name ?? before.name,
    responsibleId: change.responsibleId ?? before.responsibleId,
    role: change.role ?? before.role,
    status: change.status ?? before.status,
    groups: change.groups === undefined ? before.groups : [...new Set(change.groups)],
    scopeLimit: change.scopeLimit === undefined ? before.scopeLimit : distinct(change.scopeLimit),
    updatedAt: at,
  }
  const changed = changeable.filter((name) => !isSame(before[member[name]], after[member[name]]))
  return { after, changed }
}

/** Without names, which may be a person's: the trail keeps facts when details are erased. */
function pick(user: User, names: readonly (typeof changeable)[number][]) {
  const facts = names.filter((name) => name !== 'name')
  return Object.fromEntries(facts.map((name) => [name, user[member[name]]]))
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
  const others = ({ name, groups, scopeLimit, responsibleId }: User) => [
    name,
    groups,
    scopeLimit,
    responsibleId,
  ]
  const isOther = !isSame(others(before), others(after))
  return [
    ...(before.status === after.status ? [] : ([status] as const)),
    ...(before.role === after.role ? [] : (['user.role_changed'] as const)),
    ...(isOther ? (['user.updated'] as const) : []),
  ]
}

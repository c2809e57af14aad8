import { type AccessPolicy, type AccessRule, isOwnerAllowed } from '../domain/access-policy.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Identity } from '../storage/identities.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { Access } from './access-policies.ts'

/** What a change of the rules would do to those who are here already. */
export interface AccessPreview {
  /** Active people who may come in now, and could not any more. */
  readonly usersCutOff: number
  readonly keysCutOff: number
  /** Active people who may not come in now, and could. */
  readonly usersLetIn: number
  readonly includesCaller: boolean
  /** The first of those who would be cut off, by id. */
  readonly cutOff: readonly { readonly user: User; readonly activeKeys: number }[]
}

export type PreviewAccessRules = ReturnType<typeof createPreviewAccessRules>

const pageSize = 200
const namedMax = 100

/** Tells what a change of the rules would do, before it is made. @throws KeydeskError `not_found` for a rule that is not there */
export function createPreviewAccessRules(dependencies: {
  storage: Storage
  access: Access
  now: () => Date
}) {
  const { storage, access, now } = dependencies

  return async function previewAccessRules(
    change: { add: readonly AccessRule[]; remove: readonly string[] },
    callerId: string | null,
  ): Promise<AccessPreview> {
    const policies = await access.fresh()
    const stored = await storage.accessRules.all()
    const unknown = change.remove.find((id) => !stored.some((rule) => rule.id === id))
    if (unknown !== undefined) {
      throw new KeydeskError('not_found', { message: `No rule of the database has the id ${unknown}.` })
    }
    const kept = stored.filter(({ id }) => !change.remove.includes(id))
    const after = policies.withStored([...kept, ...change.add])
    return count(policies.forUse, after, callerId)
  }

  async function count(
    before: AccessPolicy,
    after: AccessPolicy,
    callerId: string | null,
  ): Promise<AccessPreview> {
    let [usersCutOff, keysCutOff, usersLetIn, includesCaller] = [0, 0, 0, false]
    const named: { user: User; activeKeys: number }[] = []
    for await (const people of pagesOfPeople()) {
      const lost: User[] = []
      for (const { user, identities } of people) {
        const owner = { kind: user.kind, identities }
        const [mayNow, mayThen] = [isOwnerAllowed(owner, before), isOwnerAllowed(owner, after)]
        if (mayNow && !mayThen) lost.push(user)
        if (!mayNow && mayThen) usersLetIn += 1
      }
      const keys = await storage.keys.countLiveOf(
        lost.map(({ id }) => id),
        now(),
      )
      for (const user of lost) {
        const activeKeys = keys.get(user.id) ?? 0
        usersCutOff += 1
        keysCutOff += activeKeys
        includesCaller ||= user.id === callerId
        if (named.length < namedMax) named.push({ user, activeKeys })
      }
    }
    return { usersCutOff, keysCutOff, usersLetIn, includesCaller, cutOff: named }
  }

  async function* pagesOfPeople(): AsyncGenerator<{ user: User; identities: Identity[] }[]> {
    let after = ''
    for (;;) {
      const users = await storage.users.activePeopleAfter(after, pageSize)
      const [first, last] = [users.at(0), users.at(-1)]
      if (first === undefined || last === undefined) return
      const identities = new Map<string, Identity[]>()
      for (const identity of await storage.identities.ofUsersBetween(first.id, last.id))
        identities.set(identity.userId, [...(identities.get(identity.userId) ?? []), identity])
      yield users.map((user) => ({ user, identities: identities.get(user.id) ?? [] }))
      after = last.id
      // Whoever waits for an answer is answered before the next page.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

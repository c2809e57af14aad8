import type { Identity } from '../storage/identities.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Session } from '../storage/sessions.ts'
import type { StoppedKey } from '../storage/stopped-keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { getUser } from './get-user.ts'
import { listSessions } from './list-sessions.ts'
import { listStoppedKeys } from './list-stopped-keys.ts'
import { responsiblePerson } from './responsible-people.ts'

/** As many keys as somebody looks at at once. */
const keysShown = 10

/** A user with what belongs to it. */
export interface DescribedUser {
  readonly user: User
  readonly identities: readonly Identity[]
  readonly sessions: readonly Session[]
  /** The newest. */
  readonly keys: readonly KeyRecord[]
  readonly liveKeys: number
  /** Those that somebody who held them stopped lately. */
  readonly stoppedKeys: readonly StoppedKey[]
  /** The person who answers for a service account. */
  readonly responsible: User | null
  /** For how many service accounts a person answers. */
  readonly answersFor: number
}

/** Everything of one user that an admin looks at. @throws KeydeskError `not_found` */
export async function describeUser(
  storage: Storage,
  id: string,
  { idleSecondsMax, now }: { idleSecondsMax: number; now: Date },
): Promise<DescribedUser> {
  const { user, identities } = await getUser(storage, id)
  const newest = {
    userId: id,
    status: 'all',
    now,
    sort: '-created_at',
    limit: keysShown,
    after: null,
  } as const
  const [sessions, keys, liveKeys, stoppedKeys, responsible, accounts] = await Promise.all([
    listSessions(storage, id, { idleSecondsMax, now }),
    storage.keyLists.page(newest),
    storage.keys.countLiveOf([id], now),
    listStoppedKeys(storage, [id], now),
    responsiblePerson(storage, user),
    storage.users.idsAnsweredBy(id),
  ])
  return {
    user,
    identities,
    sessions,
    keys: keys.rows,
    liveKeys: liveKeys.get(id) ?? 0,
    stoppedKeys,
    responsible,
    answersFor: accounts.length,
  }
}

import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'

/** Who answers for each of these users: nobody where it is a person, or where that person was erased. One query. */
export async function responsiblePeople(
  storage: Storage,
  users: readonly Pick<User, 'responsibleId'>[],
): Promise<(user: Pick<User, 'responsibleId'>) => User | null> {
  const ids = users.map(({ responsibleId }) => responsibleId).filter((id) => id !== null)
  const people = new Map((await storage.users.findAll(ids)).map((person) => [person.id, person]))
  return ({ responsibleId }) => people.get(responsibleId ?? '') ?? null
}

/** Who answers for this user. */
export async function responsiblePerson(
  storage: Storage,
  user: Pick<User, 'responsibleId'>,
): Promise<User | null> {
  return (await responsiblePeople(storage, [user]))(user)
}

/** That somebody can answer for a service account: an active person. @throws KeydeskError `invalid_request` */
export async function requireResponsible(storage: Storage, id: string): Promise<void> {
  const user = await storage.users.find(id)
  if (user !== null && user.kind === 'person' && user.status === 'active') return
  throw new KeydeskError('invalid_request', {
    message: 'responsible_user_id: is not the id of an active person',
  })
}

/**
 * The id of the person whom somebody means by this address; whether they can answer for anything is not looked at.
 * @throws KeydeskError `invalid_request`
 */
export async function idOfAddress(storage: Storage, email: string): Promise<string> {
  const holders = await storage.users.findAll(await storage.identities.holdersOf(email))
  const [person, other] = holders
  // Whoever is called so here comes before those who are known by it to a provider alone.
  const named = holders.find((user) => user.email === email) ?? (other === undefined ? person : undefined)
  if (named !== undefined) return named.id
  throw new KeydeskError('invalid_request', {
    message: `responsible: ${person === undefined ? 'nobody here has this address' : 'several people have this address'}`,
  })
}

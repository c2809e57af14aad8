import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Grantor } from '../domain/granting.ts'
import { ownLifetimes, ownScopes } from '../domain/own-scopes.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { getKey } from './get-key.ts'
import { grantorSteps } from './grantor-steps.ts'
import type { MakeKey } from './make-key.ts'
import type { MakeOnce, OnceRequest } from './make-once.ts'
import type { MintedKey } from './mint-key.ts'
import { newKeyRow, toUnusedRecord } from './new-key-row.ts'

export interface OwnKeyRequest {
  readonly name: string
  readonly scopes: readonly string[]
  readonly lifetimeDays: number
}

export type MintOwnKey = ReturnType<typeof createMintOwnKey>

const through = 'self-service'
const dayMs = 86_400_000

/**
 * Mints a key that a person asks for on their account page: theirs, with a short lifetime out of a list, and with scopes
 * out of those that are offered, within their limit. Nothing of that is left to the form.
 * @throws KeydeskError `forbidden` where nobody makes keys themselves, `invalid_request` naming the field, `conflict` past
 * the number of live keys
 */
export function createMintOwnKey(dependencies: {
  storage: Storage
  makeKey: MakeKey
  makeOnce: MakeOnce
  offer: { readonly scopes: readonly string[]; readonly perUserMax: number }
  now: () => Date
}) {
  const { storage, makeKey, makeOnce, offer, now } = dependencies

  return async function mintOwnKey(
    userId: string,
    request: OwnKeyRequest,
    grantor: Grantor,
    origin: Origin,
    once: OnceRequest,
  ): Promise<MintedKey> {
    if (offer.perUserMax === 0)
      throw new KeydeskError('forbidden', { message: 'Here only administrators make keys for people.' })
    const before = await findMade(once)
    if (before !== null) return before
    requireOffered(request, await requireActive(userId))
    await requireRoom(userId)
    const made = await makeKey()
    const at = now()
    const { actor } = grantor
    const row = newKeyRow(made, {
      userId,
      name: request.name,
      scopes: [...new Set(request.scopes)],
      createdThrough: through,
      createdBy: actor,
      createdAt: at,
      expiresAt: new Date(at.getTime() + request.lifetimeDays * dayMs),
    })
    const facts = { user_id: userId, scopes: row.scopes, expires_at: row.expiresAt, created_through: through }
    const event = auditEvent({ at, action: 'key.minted', actor, target: `key:${row.id}`, facts, origin })
    const landed = await storage.atomically((tx) => [
      { statement: storage.users.requireActive(tx, userId), rows: 1 },
      { statement: storage.users.requireKeysBelow(tx, userId, through, offer.perUserMax, at), rows: 1 },
      ...grantorSteps(storage, tx, grantor, at),
      storage.keys.insert(tx, row),
      ...makeOnce.steps(tx, once, row.id),
      ...storage.audit.record(tx, event),
    ])
    if (landed) return { key: toUnusedRecord(row), keyText: made.text }
    const meanwhile = await findMade(once)
    if (meanwhile !== null) return meanwhile
    await requireActive(userId)
    await requireRoom(userId)
    throw new KeydeskError('conflict', { message: 'Your account changed while the key was made. Try again.' })
  }

  function requireOffered({ scopes, lifetimeDays }: OwnKeyRequest, owner: User): void {
    const offered = ownScopes(offer.scopes, owner)
    const excess = scopes.find((scope) => !offered.includes(scope))
    if (excess !== undefined)
      throw new KeydeskError('invalid_request', {
        message: `scopes: ${excess} is none of those that you may choose. An administrator can make a key with it.`,
      })
    if (!ownLifetimes.some((days) => days === lifetimeDays))
      throw new KeydeskError('invalid_request', {
        message: `lifetime: must be one of ${ownLifetimes.join(', ')} days.`,
      })
  }

  async function requireRoom(userId: string): Promise<void> {
    const { perUserMax: max } = offer
    if ((await storage.keys.countLiveThrough(userId, through, now())) < max) return
    throw new KeydeskError('conflict', {
      message: `You already have ${max} live ${max === 1 ? 'key' : 'keys'} made on this page, which is the most. Revoke one that you no longer use.`,
    })
  }

  async function requireActive(userId: string): Promise<User> {
    const user = await storage.users.find(userId)
    if (user?.status === 'active') return user
    throw new KeydeskError('user_disabled', { message: 'An administrator has switched this account off.' })
  }

  async function findMade(once: OnceRequest): Promise<MintedKey | null> {
    const id = await makeOnce.find(once)
    return id === null ? null : { key: await getKey(storage, id), keyText: null }
  }
}

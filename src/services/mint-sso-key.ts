import { auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import type { AdmitIdentity } from './admit-identity.ts'
import type { MakeKey } from './make-key.ts'
import { newKeyRow, toUnusedRecord } from './new-key-row.ts'
import type { ProvenIdentity } from './plan-admission.ts'

export interface SignedIn {
  readonly user: User
  readonly key: KeyRecord
  /** The text of the new key: for the page that answers this request, and nowhere else. */
  readonly keyText: string
}

export type MintSsoKey = ReturnType<typeof createMintSsoKey>

const keyName = 'sso'
const triesMax = 2

/**
 * Admits a proven identity and mints a key for it, in one list: the user, the key and their audit events land together
 * or not at all.
 * @throws KeydeskError `not_allowed` (see admit-identity), `conflict` past `perUserMax` live keys made by sign-in.
 */
export function createMintSsoKey(dependencies: {
  storage: Storage
  admitIdentity: AdmitIdentity
  makeKey: MakeKey
  ssoKey: { scopes: readonly string[]; ttlSeconds: number | null; perUserMax: number }
  now: () => Date
}) {
  const { storage, admitIdentity, makeKey, ssoKey, now } = dependencies

  return async function mintSsoKey(proven: ProvenIdentity, origin: Origin): Promise<SignedIn> {
    // First of all: whoever may not come in is refused as such, whatever else there would be to say.
    await admitIdentity(proven, now(), origin)
    await requireRoom(proven)
    // Made before anything else is read: what is decided below is decided on rows that are as fresh as can be.
    const made = await makeKey()
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const at = now()
      const { user, steps } = await admitIdentity(proven, at, origin)
      const actor = `user:${user.id}` as const
      const row = newKeyRow(made, {
        userId: user.id,
        name: keyName,
        scopes: [...ssoKey.scopes],
        createdThrough: 'sso',
        createdBy: actor,
        createdAt: at,
        expiresAt: ssoKey.ttlSeconds === null ? null : new Date(at.getTime() + ssoKey.ttlSeconds * 1000),
      })
      const common = { at, actor, origin }
      const landed = await storage.atomically((tx) => [
        ...steps(tx),
        { statement: storage.users.requireKeysBelow(tx, user.id, 'sso', ssoKey.perUserMax, at), rows: 1 },
        storage.keys.insert(tx, row),
        ...storage.audit.record(
          tx,
          auditEvent({
            ...common,
            action: 'sign_in.succeeded',
            target: actor,
            facts: { provider: proven.provider },
            email: proven.claims.email,
          }),
        ),
        ...storage.audit.record(
          tx,
          auditEvent({
            ...common,
            action: 'key.minted',
            target: `key:${row.id}`,
            facts: {
              user_id: user.id,
              scopes: row.scopes,
              expires_at: row.expiresAt,
              created_through: 'sso',
            },
          }),
        ),
      ])
      if (landed) return { user, key: toUnusedRecord(row), keyText: made.text }
      if ((await storage.keys.countLiveThrough(user.id, 'sso', at)) >= ssoKey.perUserMax)
        throw tooManyKeys(ssoKey.perUserMax)
    }
    throw new KeydeskError('state_invalid', {
      message: 'Your account changed while you signed in. Start again.',
      reason: 'lost_race',
    })
  }

  /** Spares the hash where it is known already that the key would be one too many. */
  async function requireRoom({ issuer, claims }: ProvenIdentity): Promise<void> {
    const known = await storage.identities.findWithUser(issuer, claims.subject)
    if (known === null) return
    const live = await storage.keys.countLiveThrough(known.user.id, 'sso', now())
    if (live >= ssoKey.perUserMax) throw tooManyKeys(ssoKey.perUserMax)
  }
}

function tooManyKeys(max: number): KeydeskError {
  return new KeydeskError('conflict', {
    message: `You already have ${max} live ${max === 1 ? 'key' : 'keys'} made by signing in, which is the most. Revoke those that you no longer use on your account page, /account/keys, or ask an administrator to.`,
    reason: 'too_many_sso_keys',
  })
}

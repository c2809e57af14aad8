import { exportJWK, generateKeyPair } from 'jose'
import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { seal } from '../domain/sealed-text.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'
import { isForJwts, type JwtAlgorithm, numberOf, signingKeyContext } from './signing-keys.ts'

/** Why a key is made, and who wants it. */
export interface NewSigningKey {
  readonly action: 'keyring.created' | 'keyring.rotated'
  readonly actor: Actor
  readonly facts?: Readonly<Record<string, unknown>>
  readonly origin?: Origin
  /** The id of the newest key that the caller knew of: where there is a newer one, somebody else was first. */
  readonly after: string | null
  /** What has to hold still when it is written. */
  readonly guards?: (tx: Writer) => readonly Step[]
}

/** Answers the id of the key, or null where somebody else was first, or a guard does not hold. */
export type MakeSigningKey = (wanted: NewSigningKey) => Promise<string | null>

/**
 * Makes the next key that signs JWTs, wrapped under the master key. Its id is the next number, so of two that are made at
 * once, on whatever replicas, one lands.
 * @throws KeydeskError `unavailable`
 */
export function createMakeSigningKey(dependencies: {
  storage: Storage
  wrapKey: Uint8Array
  alg: JwtAlgorithm
  now: () => Date
}): MakeSigningKey {
  const { storage, wrapKey, alg, now } = dependencies

  return async function makeSigningKey({ action, actor, facts, origin, after, guards }) {
    const numbers = (await storage.keyring.all()).filter(isForJwts).map(numberOf)
    const newest = Math.max(0, ...numbers)
    if (newest !== (after === null ? 0 : numberOf({ id: after }))) return null
    const id = `jwt-${newest + 1}`
    const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
    const text = JSON.stringify({ ...(await exportJWK(privateKey)), alg })
    const wrapped = seal(text, wrapKey, signingKeyContext(id))
    const at = now()
    const event = auditEvent({
      at,
      action,
      actor,
      target: `keyring:${id}`,
      facts: { alg, ...facts },
      ...(origin === undefined ? {} : { origin }),
    })
    const landed = await storage.atomically((tx) => [
      ...(guards?.(tx) ?? []),
      storage.keyring.insert(tx, { id, purpose: 'jwt', wrapped, createdAt: at }),
      ...storage.audit.record(tx, event),
    ])
    return landed ? id : null
  }
}

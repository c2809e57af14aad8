import { auditEvent } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { MakeSigningKey } from './make-signing-key.ts'
import { isAccepted, type SigningKeys } from './signing-keys.ts'

const attemptsMax = 5

/**
 * Keeps the keys that sign JWTs: makes the first one, replaces one that is too old, and removes those of which no JWT can
 * be alive any more. Every replica does, at its start and by the clock; whatever two do at once is done once.
 * @throws KeydeskError `unavailable`
 */
export function createKeepSigningKeys(dependencies: {
  storage: Storage
  signingKeys: SigningKeys
  makeSigningKey: MakeSigningKey
  ageSecondsMax: number
  now: () => Date
}) {
  const { storage, signingKeys, makeSigningKey, ageSecondsMax, now } = dependencies

  return async function keepSigningKeys(): Promise<void> {
    await makeWhatIsMissing()
    await removeWhatIsOver()
  }

  async function makeWhatIsMissing(): Promise<void> {
    for (let attempts = 0; attempts < attemptsMax; attempts += 1) {
      const set = await signingKeys.fresh()
      const { signing } = set
      // A key that this process cannot open is that of a replica with the new master key: it keeps the keys.
      if (set.hasSealed) return
      // Where JWT_ALG was changed and changed back, there is one of the algorithm, but on its way out.
      const isThere = signing !== null && signing.acceptedUntil === null
      if (isThere && now().getTime() - signing.createdAt.getTime() < ageSecondsMax * 1000) return
      const made = await makeSigningKey({
        actor: 'system',
        after: set.keys.at(-1)?.id ?? null,
        ...(isThere
          ? { action: 'keyring.rotated', facts: { replaces: signing.id, because: 'age' } }
          : { action: 'keyring.created' }),
      })
      if (made !== null) return
    }
    throw new KeydeskError('unavailable', { message: 'The keyring changes too fast. Try again.' })
  }

  async function removeWhatIsOver(): Promise<void> {
    const { keys } = await signingKeys.fresh()
    for (const { id } of keys.filter((key) => !isAccepted(key, now()))) {
      await storage.atomically((tx) => [
        { statement: storage.keyring.remove(tx, id), rows: 1 },
        ...storage.audit.record(
          tx,
          auditEvent({ at: now(), action: 'keyring.removed', actor: 'system', target: `keyring:${id}` }),
        ),
      ])
    }
  }
}

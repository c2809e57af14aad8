import type { Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Grantor } from '../domain/granting.ts'
import type { WrappedKey } from '../storage/keyring.ts'
import type { Storage } from '../storage/storage.ts'
import { grantorSteps } from './grantor-steps.ts'
import type { MakeSigningKey } from './make-signing-key.ts'
import { isForJwts, numberOf, type PlacedKey, type SigningKeys } from './signing-keys.ts'

export type RotateSigningKey = ReturnType<typeof createRotateSigningKey>

const attemptsMax = 3

/**
 * Makes a new key sign JWTs from now on, on every replica when this answers. Of two admins who rotate at once one makes
 * the key, and both are answered with it.
 * @throws KeydeskError `conflict` where the caller may not do this any more.
 */
export function createRotateSigningKey(dependencies: {
  storage: Storage
  signingKeys: SigningKeys
  makeSigningKey: MakeSigningKey
  now: () => Date
}) {
  const { storage, signingKeys, makeSigningKey, now } = dependencies

  return async function rotateSigningKey(grantor: Grantor, origin: Origin): Promise<PlacedKey> {
    const before = newestId(await storage.keyring.all())
    for (let attempts = 0; attempts < attemptsMax; attempts += 1) {
      const made = await makeSigningKey({
        action: 'keyring.rotated',
        actor: grantor.actor,
        facts: { replaces: before, because: 'asked' },
        origin,
        after: before,
        guards: (tx) => grantorSteps(storage, tx, grantor, now()),
      })
      if (made !== null) await storage.confirmChanges()
      const { signing } = await signingKeys.fresh()
      if (signing !== null && (before === null || numberOf(signing) > numberOf({ id: before })))
        return signing
    }
    throw new KeydeskError('conflict', {
      message:
        'The key was not rotated: you are no admin any more, or somebody changed the keyring. Look again.',
    })
  }
}

function newestId(rows: readonly WrappedKey[]): string | null {
  const numbers = rows.filter(isForJwts).map(numberOf)
  return numbers.length === 0 ? null : `jwt-${Math.max(...numbers)}`
}

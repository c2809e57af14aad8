import argon2 from 'argon2'

export interface SecretHasher {
  /** The Argon2id hash of a key text, in PHC form. Takes tens of milliseconds, off the event loop. */
  hash(text: string): Promise<string>
  /** Whether `text` is what `hash` was made of, by the parameters that the hash itself names. */
  verify(hash: string, text: string): Promise<boolean>
}

/** Argon2id (RFC 9106) with the configured cost. */
export function createSecretHasher(cost: {
  memoryKib: number
  timeCost: number
  parallelism: number
}): SecretHasher {
  return {
    hash: (text) =>
      argon2.hash(text, {
        type: argon2.argon2id,
        memoryCost: cost.memoryKib,
        timeCost: cost.timeCost,
        parallelism: cost.parallelism,
      }),
    verify: (hash, text) => argon2.verify(hash, text),
  }
}

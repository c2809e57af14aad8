import { expect } from 'vitest'
import type { Replicas } from '../support/replicas.ts'
import type { ToldKey, ToldKeys } from './told-keys.ts'

const count = 6

/** Keys of an owner of their own, whom no minting concerns, which every replica has verified. Nobody revokes them. */
export async function mintWarmKeys({ all, spareUserId }: Replicas, told: ToldKeys): Promise<ToldKey[]> {
  const keys = (await all[0]?.desk.mintMany(count, { user_id: spareUserId })) ?? []
  // Twice: the second time it is answered from memory.
  for (const time of [1, 2])
    for (const one of all)
      for (const key of keys) expect(await one.desk.codeFor(key), `${one.name}, time ${time}`).toBe('valid')
  return keys.map((key) => told.minted(key))
}

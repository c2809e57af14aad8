import { LRUCache } from 'lru-cache'
import {
  type Current,
  invalidKey,
  type JudgeKeyUse,
  type KeyUse,
  type Verification,
} from './judge-key-use.ts'
import type { ProvenKey } from './key-memory.ts'

/** Says whether a key may be used so, for who has just looked at the database and whose right to it is proven. */
export type UseLiveKey = (keyId: string, use: KeyUse) => Verification | Promise<Verification>

/**
 * A use of a key that no key text proves: a JWT names the key that it came from. All that can change is judged as for the
 * key itself, rate and address among it, and the use is counted as one of the key.
 * @throws KeydeskError `unavailable`
 */
export function createUseLiveKey(dependencies: {
  judgeKeyUse: JudgeKeyUse
  /** How many records are remembered. */
  recordsMax: number
}): UseLiveKey {
  const { currentOf, readCurrent, judge, note } = dependencies.judgeKeyUse
  const records = new LRUCache<string, ProvenKey>({ max: dependencies.recordsMax })

  return function useLiveKey(keyId, use) {
    const known = records.get(keyId)
    const current = known === undefined ? null : currentOf(known)
    return current === null ? useByReading(keyId, use) : judge(current, use, () => readLive(keyId))
  }

  async function useByReading(keyId: string, use: KeyUse): Promise<Verification> {
    const current = await readLive(keyId)
    return current === null ? note(invalidKey, use) : judge(current, use, () => readLive(keyId))
  }

  function readLive(keyId: string): Promise<Current | null> {
    return readCurrent(keyId, (read) => {
      if (read === null) {
        records.delete(keyId)
        return null
      }
      records.set(keyId, read)
      return 0
    })
  }
}

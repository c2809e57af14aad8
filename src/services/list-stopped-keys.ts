import type { StoppedKey } from '../storage/stopped-keys.ts'
import type { Storage } from '../storage/storage.ts'
import { heldKeyReason } from './revoke-held-key.ts'

/** For so long its owner is told that a key was found by somebody. */
const toldMs = 30 * 86_400_000

/** The keys of these users that were stopped lately by somebody who held them, the latest first. */
export async function listStoppedKeys(
  storage: Storage,
  userIds: readonly string[],
  now: Date,
): Promise<StoppedKey[]> {
  const since = new Date(now.getTime() - toldMs)
  const stopped = await storage.stoppedKeys.ofUsers(userIds, heldKeyReason, since)
  return stopped.sort((a, b) => b.stoppedAt.getTime() - a.stoppedAt.getTime())
}

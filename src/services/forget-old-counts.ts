import type { Storage } from '../storage/storage.ts'

export type ForgetOldCounts = () => Promise<void>

const keptDays = 90
/** So many transactions a time: whatever is left is forgotten the next time. */
const transactionsMax = 60

/** Forgets counts by the hour that are older than 90 days, a little at a time. Any process may do it. */
export function createForgetOldCounts(dependencies: { storage: Storage; now: () => Date }): ForgetOldCounts {
  const { storage, now } = dependencies

  /** @throws KeydeskError `unavailable` */
  return async function forgetOldCounts() {
    const before = new Date(now().getTime() - keptDays * 86_400_000)
    await storage.atomicallyUnnoticed((tx) => [storage.deskCounts.forgetStats(tx, before)])
    for (let times = 0; times < transactionsMax; times += 1) {
      if (!(await storage.deskCounts.hasKeyStatsBefore(before))) return
      await storage.atomicallyUnnoticed((tx) => [storage.deskCounts.forgetKeyStats(tx, before)])
      // Requests that came in the meantime are answered before the next.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

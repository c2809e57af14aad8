import type { Storage } from '../storage/storage.ts'

export type CountUnusedKeys = ReturnType<typeof createCountUnusedKeys>

const unusedDays = 90
const rememberedMs = 60_000

/**
 * Counts live keys that nobody has used for 90 days. It takes all keys to know, so they are gone through a few thousand
 * at a time, and the count is remembered for a minute.
 */
export function createCountUnusedKeys(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies
  let known: { unused: Promise<number>; atMs: number } | null = null

  /** @throws KeydeskError `unavailable` */
  return function countUnusedKeys(): Promise<number> {
    const atMs = now().getTime()
    if (known !== null && Math.abs(atMs - known.atMs) < rememberedMs) return known.unused
    const unused = countAll(new Date(atMs))
    const counting = { unused, atMs }
    known = counting
    // What failed is not remembered.
    unused.catch(() => {
      if (known === counting) known = null
    })
    return unused
  }

  async function countAll(at: Date): Promise<number> {
    const unusedSince = new Date(at.getTime() - unusedDays * 86_400_000)
    let count = 0
    let from = await storage.deskCounts.firstKeyAt()
    while (from !== null && from < unusedSince) {
      const { unused, restFrom } = await storage.deskCounts.countUnused(from, unusedSince, at)
      count += unused
      from = restFrom
      // Whoever waits for an answer is answered before the next few thousand.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return count
  }
}

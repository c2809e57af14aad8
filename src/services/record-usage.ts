import { randomText } from '../domain/random-text.ts'
import type { Storage } from '../storage/storage.ts'
import { type KeyRefusalRow, type KeyStat, type KeyUsage, refusalsKept } from '../storage/usage.ts'

export interface RecordUsage {
  /** Notes that a key was used. Costs a few hundred nanoseconds and writes nothing. */
  used(keyId: string, at: Date): void
  /** Notes that a key whose secret was proven was refused. */
  refused(
    keyId: string,
    refusal: { at: Date; reason: string; address: string | null; userAgent: string | null },
  ): void
  /** Writes down what has been gathered. What cannot be written is kept for the next time. */
  flush(): Promise<void>
}

interface Gathered {
  uses: Map<string, KeyUsage>
  stats: Map<string, KeyStat>
  refusals: Map<string, KeyRefusalRow[]>
}

const hourMs = 3_600_000
/** So many keys a transaction: a larger one would hold up the requests behind it on SQLite, which writes in our thread. */
const batchMax = 250

/** Gathers usage in memory and writes it in batches. A crash loses what was gathered since the last flush. */
export function createRecordUsage(dependencies: { storage: Storage }): RecordUsage {
  const { storage } = dependencies
  let gathered = empty()
  let flushing: Promise<void> = Promise.resolve()

  return {
    used(keyId, at) {
      const use = gathered.uses.get(keyId)
      if (use === undefined) gathered.uses.set(keyId, { keyId, lastUsedAt: at, requestCount: 1 })
      else {
        use.lastUsedAt = at
        use.requestCount += 1
      }
    },

    refused(keyId, { at, reason, address, userAgent }) {
      const hour = hourOf(at)
      const name = `${keyId} ${hour.getTime()} ${reason}`
      const stat = gathered.stats.get(name)
      if (stat === undefined) gathered.stats.set(name, { keyId, hour, outcome: reason, count: 1 })
      else stat.count += 1
      const last = gathered.refusals.get(keyId) ?? []
      last.push({ id: `ref_${at.getTime()}_${randomText(8)}`, keyId, at, reason, address, userAgent })
      if (last.length > refusalsKept) last.shift()
      gathered.refusals.set(keyId, last)
    },

    flush() {
      // One after another: two at once could write their batches in the wrong order.
      flushing = flushing.then(flushOnce, flushOnce)
      return flushing
    },
  }

  async function flushOnce(): Promise<void> {
    const taken = gathered
    gathered = empty()
    const waiting = [...new Set([...taken.uses.keys(), ...taken.refusals.keys()])]
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchMax)
      try {
        await writeBatch(taken, new Set(batch))
      } catch (error) {
        gathered = merge(partOf(taken, new Set([...batch, ...waiting])), gathered)
        throw error
      }
      // Requests that came in the meantime are answered before the next batch.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async function writeBatch(taken: Gathered, keyIds: ReadonlySet<string>): Promise<void> {
    const { uses, stats, refusals } = partOf(taken, keyIds)
    const useRows = [...uses.values()]
    // The uses between two flushes count for the hour of the last of them: that can be off by one flush interval.
    const useStats = useRows.map(({ keyId, lastUsedAt, requestCount }) => ({
      keyId,
      hour: hourOf(lastUsedAt),
      outcome: 'valid',
      count: requestCount,
    }))
    const statRows = [...useStats, ...stats.values()]
    const refusalRows = [...refusals.values()].flat()
    await storage.atomicallyUnnoticed((tx) => [
      ...(useRows.length === 0 ? [] : [storage.usage.addUses(tx, useRows)]),
      storage.usage.addStats(tx, statRows),
      ...(refusalRows.length === 0 ? [] : [storage.usage.addRefusals(tx, refusalRows)]),
      ...(refusalRows.length === 0 ? [] : [storage.usage.pruneRefusals(tx, [...refusals.keys()])]),
    ])
  }
}

function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / hourMs) * hourMs)
}

function empty(): Gathered {
  return { uses: new Map(), stats: new Map(), refusals: new Map() }
}

function partOf(all: Gathered, keyIds: ReadonlySet<string>): Gathered {
  return {
    uses: new Map([...all.uses].filter(([keyId]) => keyIds.has(keyId))),
    stats: new Map([...all.stats].filter(([, { keyId }]) => keyIds.has(keyId))),
    refusals: new Map([...all.refusals].filter(([keyId]) => keyIds.has(keyId))),
  }
}

/** Puts back what could not be written, under what has come in since. */
function merge(older: Gathered, newer: Gathered): Gathered {
  for (const [name, use] of older.uses) {
    const since = newer.uses.get(name)
    if (since === undefined) newer.uses.set(name, use)
    else since.requestCount += use.requestCount
  }
  for (const [name, stat] of older.stats) {
    const since = newer.stats.get(name)
    if (since === undefined) newer.stats.set(name, stat)
    else since.count += stat.count
  }
  for (const [keyId, refusals] of older.refusals) {
    newer.refusals.set(keyId, [...refusals, ...(newer.refusals.get(keyId) ?? [])].slice(-refusalsKept))
  }
  return newer
}

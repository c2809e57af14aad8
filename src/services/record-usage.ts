import { randomText } from '../domain/random-text.ts'
import type { Storage } from '../storage/storage.ts'
import { type KeyRefusalRow, type KeyStat, refusalsKept } from '../storage/usage.ts'

export interface RecordUsage {
  /** Notes that a key was used. Costs a few hundred nanoseconds and writes nothing. */
  used(keyId: string, at: Date): void
  /** Notes that a key whose secret was proven was refused. */
  refused(
    keyId: string,
    refusal: { at: Date; reason: string; address: string | null; userAgent: string | null },
  ): void
  /**
   * Writes down what has been gathered. What cannot be written is kept for the next time.
   * @throws KeydeskError `unavailable`
   */
  flush(): Promise<void>
}

/** What has been gathered of one key since the last flush. */
interface Gathered {
  uses: number
  lastUsedAt: Date
  /** Most keys have none. */
  refusals: Refusals | null
}

interface Refusals {
  /** How many, by reason. */
  readonly counts: Map<string, number>
  lastAt: Date
  last: KeyRefusalRow[]
}

const hourMs = 3_600_000
/** So many keys a transaction: a larger one would hold up the requests behind it on SQLite, which writes in our thread. */
const batchMax = 250

/** Gathers usage in memory and writes it in batches. A crash loses what was gathered since the last flush. */
export function createRecordUsage(dependencies: { storage: Storage }): RecordUsage {
  const { storage } = dependencies
  let gathered = new Map<string, Gathered>()
  let flushing: Promise<void> = Promise.resolve()

  return {
    used(keyId, at) {
      const key = gatheredOf(keyId, at)
      key.uses += 1
      key.lastUsedAt = at
    },

    refused(keyId, { at, reason, address, userAgent }) {
      const key = gatheredOf(keyId, at)
      key.refusals ??= { counts: new Map(), lastAt: at, last: [] }
      const { counts, last } = key.refusals
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
      key.refusals.lastAt = at
      last.push({ id: `ref_${at.getTime()}_${randomText(8)}`, keyId, at, reason, address, userAgent })
      if (last.length > refusalsKept) last.shift()
    },

    flush() {
      // One after another: two at once could write their batches in the wrong order.
      flushing = flushing.then(flushOnce, flushOnce)
      return flushing
    },
  }

  function gatheredOf(keyId: string, at: Date): Gathered {
    const known = gathered.get(keyId)
    if (known !== undefined) return known
    const made = { uses: 0, lastUsedAt: at, refusals: null }
    gathered.set(keyId, made)
    return made
  }

  async function flushOnce(): Promise<void> {
    const waiting = [...gathered]
    gathered = new Map()
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchMax)
      try {
        await writeBatch(batch)
      } catch (error) {
        for (const [keyId, older] of [...batch, ...waiting]) putBack(keyId, older)
        throw error
      }
      // Requests that came in the meantime are answered before the next batch.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async function writeBatch(batch: readonly [string, Gathered][]): Promise<void> {
    const used = batch.filter(([, { uses }]) => uses > 0)
    const useRows = used.map(([keyId, { uses, lastUsedAt }]) => ({ keyId, lastUsedAt, requestCount: uses }))
    const refusalRows = batch.flatMap(([, { refusals }]) => refusals?.last ?? [])
    const refusedIds = [...new Set(refusalRows.map(({ keyId }) => keyId))]
    await storage.atomicallyUnnoticed((tx) => [
      ...(useRows.length === 0 ? [] : [storage.usage.addUses(tx, useRows)]),
      storage.usage.addStats(tx, batch.flatMap(statsOf)),
      ...(refusalRows.length === 0
        ? []
        : [storage.usage.addRefusals(tx, refusalRows), storage.usage.pruneRefusals(tx, refusedIds)]),
    ])
  }

  /** Puts back what could not be written, under what has come in since. */
  function putBack(keyId: string, older: Gathered): void {
    const newer = gathered.get(keyId)
    if (newer === undefined) {
      gathered.set(keyId, older)
      return
    }
    if (newer.uses === 0) newer.lastUsedAt = older.lastUsedAt
    newer.uses += older.uses
    if (older.refusals === null) return
    if (newer.refusals === null) {
      newer.refusals = older.refusals
      return
    }
    const { counts } = newer.refusals
    for (const [reason, count] of older.refusals.counts) counts.set(reason, (counts.get(reason) ?? 0) + count)
    newer.refusals.last = [...older.refusals.last, ...newer.refusals.last].slice(-refusalsKept)
  }
}

/** What came between two flushes counts for the hour of the last of it: that can be off by one flush interval. */
function statsOf([keyId, { uses, lastUsedAt, refusals }]: readonly [string, Gathered]): KeyStat[] {
  const refused = [...(refusals?.counts ?? [])].map(([outcome, count]) => ({
    keyId,
    hour: hourOf(refusals?.lastAt ?? lastUsedAt),
    outcome,
    count,
  }))
  return uses === 0
    ? refused
    : [{ keyId, hour: hourOf(lastUsedAt), outcome: 'valid', count: uses }, ...refused]
}

function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / hourMs) * hourMs)
}

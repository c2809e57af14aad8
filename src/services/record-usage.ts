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

/** What has been gathered of one key within one hour since the last flush. */
interface Gathered {
  readonly keyId: string
  /** The hour that all of it counts for, as its first millisecond. */
  readonly hourMs: number
  uses: number
  lastUsedAt: Date
  /** Most keys have none. */
  refusals: Refusals | null
}

interface Refusals {
  /** How many, by reason. */
  readonly counts: Map<string, number>
  last: KeyRefusalRow[]
}

const msPerHour = 3_600_000
/** So many keys a transaction: a larger one would hold up the requests behind it on SQLite, which writes in our thread. */
const batchMax = 250

/** Gathers usage in memory and writes it in batches. A crash loses what was gathered since the last flush. */
export function createRecordUsage(dependencies: { storage: Storage }): RecordUsage {
  const { storage } = dependencies
  let gathered = new Map<string, Gathered>()
  /** What could not be written, or counts for an hour that is over. */
  let waiting: Gathered[] = []
  let flushing: Promise<void> = Promise.resolve()

  return {
    used(keyId, at) {
      const key = gatheredOf(keyId, at)
      key.uses += 1
      key.lastUsedAt = at
    },

    refused(keyId, { at, reason, address, userAgent }) {
      const key = gatheredOf(keyId, at)
      key.refusals ??= { counts: new Map(), last: [] }
      const { counts, last } = key.refusals
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
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
    const hourMs = Math.floor(at.getTime() / msPerHour) * msPerHour
    const known = gathered.get(keyId)
    if (known !== undefined && known.hourMs === hourMs) return known
    if (known !== undefined) waiting.push(known)
    const made = { keyId, hourMs, uses: 0, lastUsedAt: at, refusals: null }
    gathered.set(keyId, made)
    return made
  }

  async function flushOnce(): Promise<void> {
    waiting = merged([...waiting, ...gathered.values()])
    gathered = new Map()
    while (waiting.length > 0) {
      const batch = takeBatch(waiting)
      await writeBatch(batch)
      waiting.splice(0, batch.length)
      // Requests that came in the meantime are answered before the next batch.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async function writeBatch(unordered: readonly Gathered[]): Promise<void> {
    // In the order of the keys: two replicas that write the same rows in different orders would wait for each other.
    const batch = [...unordered].sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
    const used = batch.filter(({ uses }) => uses > 0)
    const useRows = used.map(({ keyId, lastUsedAt, uses }) => ({ keyId, lastUsedAt, requestCount: uses }))
    const refusalRows = batch.flatMap(({ refusals }) => refusals?.last ?? [])
    const refusedIds = [...new Set(refusalRows.map(({ keyId }) => keyId))]
    const landed = await storage.atomicallyUnnoticed((tx) => [
      ...(useRows.length === 0 ? [] : [storage.usage.addUses(tx, useRows)]),
      storage.usage.addStats(tx, batch.flatMap(statsOf)),
      ...(refusalRows.length === 0
        ? []
        : [storage.usage.addRefusals(tx, refusalRows), storage.usage.pruneRefusals(tx, refusedIds)]),
    ])
    if (!landed) throw new Error('a batch of usage did not land')
  }
}

/** The first of `waiting` that may stand in one statement: of one hour, so that no key is there twice. */
function takeBatch(waiting: readonly Gathered[]): Gathered[] {
  const [first] = waiting
  const end = waiting.findIndex(({ hourMs }, index) => index >= batchMax || hourMs !== first?.hourMs)
  return waiting.slice(0, end === -1 ? waiting.length : end)
}

/** In the order of their hours, with what counts for the same key and hour put together. */
function merged(all: readonly Gathered[]): Gathered[] {
  const byName = new Map<string, Gathered>()
  for (const one of all) {
    const name = `${one.hourMs} ${one.keyId}`
    const older = byName.get(name)
    byName.set(name, older === undefined ? one : added(older, one))
  }
  return [...byName.values()].sort((a, b) => a.hourMs - b.hourMs)
}

function added(older: Gathered, newer: Gathered): Gathered {
  const counts = new Map(older.refusals?.counts)
  for (const [reason, count] of newer.refusals?.counts ?? [])
    counts.set(reason, (counts.get(reason) ?? 0) + count)
  const last = [...(older.refusals?.last ?? []), ...(newer.refusals?.last ?? [])].slice(-refusalsKept)
  return {
    ...older,
    uses: older.uses + newer.uses,
    lastUsedAt: newer.uses === 0 ? older.lastUsedAt : newer.lastUsedAt,
    refusals: counts.size === 0 ? null : { counts, last },
  }
}

function statsOf({ keyId, hourMs, uses, refusals }: Gathered): KeyStat[] {
  const hour = new Date(hourMs)
  const refused = [...(refusals?.counts ?? [])].map(([outcome, count]) => ({ keyId, hour, outcome, count }))
  return uses === 0 ? refused : [{ keyId, hour, outcome: 'valid', count: uses }, ...refused]
}

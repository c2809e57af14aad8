import { randomText } from '../domain/random-text.ts'
import { storableText } from '../domain/storable-text.ts'
import type { DeskStat } from '../storage/desk-counts.ts'
import type { Storage } from '../storage/storage.ts'
import { type KeyRefusalRow, type KeyStat, refusalsKept } from '../storage/usage.ts'
import { createDeskTally } from './desk-tally.ts'
import { type KeyUse, recordFirstUses } from './record-first-uses.ts'

export interface RecordUsage {
  /** Notes that a key was used. Costs a few hundred nanoseconds and writes nothing. */
  used(keyId: string, use: KeyUse): void
  /** Notes that a key whose secret was proven was refused. */
  refused(
    keyId: string,
    refusal: { at: Date; reason: string; address: string | null; userAgent: string | null },
  ): void
  /** Notes a text that is no key of ours. */
  unknown(at: Date): void
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
  /** The first of them. */
  first: KeyUse | null
  lastUsedAt: Date
  lastAddress: string | null
  /** As it was sent. */
  lastUserAgent: string | undefined
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
  /** Of the whole desk: texts that are no key, and what was written of single keys and not yet of the desk. */
  const desk = createDeskTally()

  return {
    used(keyId, use) {
      const { at, address, userAgent } = use
      const key = gatheredOf(keyId, at)
      key.first ??= use
      key.uses += 1
      key.lastUsedAt = at
      key.lastAddress = address
      key.lastUserAgent = userAgent
    },

    refused(keyId, { at, reason, address, userAgent }) {
      const key = gatheredOf(keyId, at)
      key.refusals ??= { counts: new Map(), last: [] }
      const { counts, last } = key.refusals
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
      last.push({ id: `ref_${at.getTime()}_${randomText(8)}`, keyId, at, reason, address, userAgent })
      if (last.length > refusalsKept) last.shift()
    },

    unknown: (at) => desk.add(hourOf(at), 'invalid_key', 1),

    flush() {
      // One after another: two at once could write their batches in the wrong order.
      flushing = flushing.then(flushOnce, flushOnce)
      return flushing
    },
  }

  function gatheredOf(keyId: string, at: Date): Gathered {
    const hourMs = hourOf(at)
    const known = gathered.get(keyId)
    if (known !== undefined && known.hourMs === hourMs) return known
    if (known !== undefined) waiting.push(known)
    const made: Gathered = {
      keyId,
      hourMs,
      uses: 0,
      first: null,
      lastUsedAt: at,
      lastAddress: null,
      lastUserAgent: undefined,
      refusals: null,
    }
    gathered.set(keyId, made)
    return made
  }

  async function flushOnce(): Promise<void> {
    waiting = merged([...waiting, ...gathered.values()])
    gathered = new Map()
    if (waiting.length === 0 && desk.isEmpty) return
    do {
      const batch = takeBatch(waiting)
      await writeBatch(batch, batch.length === waiting.length)
      waiting.splice(0, batch.length)
      // Requests that came in the meantime are answered before the next batch.
      await new Promise((resolve) => setImmediate(resolve))
    } while (waiting.length > 0)
  }

  /** With the last batch go the counts of the desk: rows that all replicas share are touched once a flush. */
  async function writeBatch(unordered: readonly Gathered[], isLast: boolean): Promise<void> {
    const stats = unordered.flatMap(statsOf)
    const earlier = isLast ? desk.take() : []
    try {
      await writeRows(unordered, isLast ? summed([...earlier, ...stats]) : [])
    } catch (error) {
      desk.addAll(earlier)
      throw error
    }
    if (!isLast) desk.addAll(stats)
  }

  async function writeRows(unordered: readonly Gathered[], deskStats: readonly DeskStat[]): Promise<void> {
    // In the order of the keys: two replicas that write the same rows in different orders would wait for each other.
    const batch = [...unordered].sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
    const stats = batch.flatMap(statsOf)
    const used = batch.filter(({ uses }) => uses > 0)
    const useRows = used.map(({ keyId, lastUsedAt, lastAddress, lastUserAgent, uses }) => ({
      keyId,
      lastUsedAt,
      requestCount: uses,
      lastAddress,
      lastUserAgent: lastUserAgent === undefined ? null : storableText(lastUserAgent, 400),
    }))
    const refusalRows = batch.flatMap(({ refusals }) => refusals?.last ?? [])
    const refusedIds = [...new Set(refusalRows.map(({ keyId }) => keyId))]
    await recordFirstUses(storage, firstUsesOf(used))
    const landed = await storage.atomicallyUnnoticed((tx) => [
      ...(useRows.length === 0
        ? []
        : [
            storage.usage.addUses(tx, useRows),
            storage.usage.forgetOriginsOfErased(
              tx,
              useRows.map(({ keyId }) => keyId),
            ),
          ]),
      ...(stats.length === 0 ? [] : [storage.usage.addStats(tx, stats)]),
      ...(refusalRows.length === 0
        ? []
        : [storage.usage.addRefusals(tx, refusalRows), storage.usage.pruneRefusals(tx, refusedIds)]),
      ...(deskStats.length === 0 ? [] : [storage.deskCounts.addStats(tx, [...deskStats])]),
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
    first: older.first ?? newer.first,
    ...(newer.uses === 0 ? {} : lastUseOf(newer)),
    refusals: counts.size === 0 ? null : { counts, last },
  }
}

function firstUsesOf(used: readonly Gathered[]): Map<string, KeyUse> {
  return new Map(used.flatMap(({ keyId, first }) => (first === null ? [] : [[keyId, first] as const])))
}

function lastUseOf({ lastUsedAt, lastAddress, lastUserAgent }: Gathered) {
  return { lastUsedAt, lastAddress, lastUserAgent }
}

function hourOf(at: Date): number {
  return Math.floor(at.getTime() / msPerHour) * msPerHour
}

function summed(stats: readonly Omit<KeyStat, 'keyId'>[]): DeskStat[] {
  const tally = createDeskTally()
  tally.addAll(stats)
  return tally.take()
}

/** In an order that is the same on every replica. */
function statsOf({ keyId, hourMs, uses, refusals }: Gathered): KeyStat[] {
  const hour = new Date(hourMs)
  const refused = [...(refusals?.counts ?? [])]
    .map(([outcome, count]) => ({ keyId, hour, outcome, count }))
    .sort((a, b) => (a.outcome < b.outcome ? -1 : 1))
  return uses === 0 ? refused : [{ keyId, hour, outcome: 'valid', count: uses }, ...refused]
}

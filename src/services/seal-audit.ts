import {
  type AuditKey,
  chainStart,
  type ErasableDetails,
  hashesOf,
  isAnchorGenuine,
  newSalt,
  type Seal,
  sealOf,
} from '../domain/audit-chain.ts'
import { equalInConstantTime } from '../domain/constant-time.ts'
import type { AuditRow } from '../storage/audit.ts'
import type { Statement, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'

/** The end of the chain, for whoever keeps it elsewhere. */
export interface ChainHead {
  readonly seq: number
  readonly seal: string
}

/** A few milliseconds on SQLite, which writes in our thread. */
const batchMax = 250
const reportMs = 3_600_000
/** So often in a row another process may have been first, before the rest is left to it. */
const missesMax = 5
/** A database that does not answer is left alone for so long: every attempt would leave a line in the log. */
const restMs = 15_000

/**
 * Seals audit events a moment after they were written, in the order of `seq`, so that no change ever waits for a seal.
 * That order has no gap which is filled later: lists that write events do so one after another (design §3), and nothing
 * else can write them. Any number of processes may seal: of two that continue at the same place one lands, and the other
 * reads again.
 */
export function createSealAudit(dependencies: {
  storage: Storage
  auditKeys: readonly AuditKey[]
  /** Told of the head once in a while, when it moved, and of a head that went back. */
  report?: (head: ChainHead, lost: ChainHead | null) => void
  now: () => Date
}) {
  const { storage, auditKeys, report, now } = dependencies
  let running: Promise<void> | null = null
  let known: ChainHead | null = null
  let reported = { seq: Number.NaN, atMs: Number.NEGATIVE_INFINITY }
  let restsUntil = 0
  let stopsAt = 0

  /**
   * Seals everything that is there by now, or what of it can be sealed in so many seconds, of a run that is under way
   * too; nothing for a while after it failed.
   * @throws KeydeskError `unavailable`
   */
  return async function sealAudit(secondsMax = Number.POSITIVE_INFINITY): Promise<void> {
    stopsAt = performance.now() + secondsMax * 1000
    if (performance.now() < restsUntil) return
    // What came after the look of a run that is under way is sealed by one of its next batches, or by the next run.
    running ??= sealAll().finally(() => {
      running = null
    })
    await running
  }

  async function sealAll(): Promise<void> {
    try {
      await sealBatches()
    } catch (error) {
      restsUntil = performance.now() + restMs
      throw error
    }
    reportHead()
  }

  async function sealBatches(): Promise<void> {
    for (let misses = 0; misses < missesMax && performance.now() < stopsAt; ) {
      const begunAt = performance.now()
      const head = await findHead()
      const rows = await storage.auditChain.events(
        head?.seq ?? chainStart.seq,
        Number.MAX_SAFE_INTEGER,
        batchMax,
      )
      if (rows.length === 0) return
      const landed = await sealBatch(rows, head)
      if (landed && rows.length < batchMax) return
      misses = landed ? 0 : misses + 1
      // An old trail is sealed with half of the time at most: requests have the other half.
      await new Promise((resolve) => setTimeout(resolve, performance.now() - begunAt))
    }
  }

  /** Where the chain ends; before the first seal, and after all of them were pruned, that is where it begins. */
  async function findHead(): Promise<(ChainHead & { isStored: boolean }) | null> {
    const last = await storage.auditChain.head()
    if (known !== null && !(await isStillThere(known, last))) {
      report?.(last ?? chainStart, known)
      known = null
    }
    if (last !== null) return { seq: last.seq, seal: last.seal, isStored: true }
    const anchor = await storage.auditChain.anchor()
    return anchor === null ? null : { seq: anchor.seq, seal: anchor.seal, isStored: false }
  }

  /** What this process sealed last is in the chain, or was pruned: nobody cut off the end to have it sealed anew. */
  async function isStillThere(sealed: ChainHead, last: Seal | null): Promise<boolean> {
    const found = last?.seq === sealed.seq ? last : await storage.auditChain.sealAt(sealed.seq)
    if (found !== null) return equalInConstantTime(found.seal, sealed.seal)
    const anchor = await storage.auditChain.anchor()
    // A made-up one would hide that the end was cut off.
    return anchor !== null && anchor.seq >= sealed.seq && isAnchorGenuine(anchor, auditKeys)
  }

  async function sealBatch(
    rows: readonly AuditRow[],
    head: (ChainHead & { isStored: boolean }) | null,
  ): Promise<boolean> {
    const signing = auditKeys.at(-1)
    if (signing === undefined) throw new Error('there is no key for sealing')
    let previous = head?.seal ?? chainStart.seal
    const seals: Seal[] = []
    const salted: { eventId: string; email: string; origin: string }[] = []
    for (const { event, details } of rows) {
      const added = { email: newSalt(), origin: newSalt() }
      if (details !== null && lacksSalt(details)) salted.push({ eventId: event.id, ...added })
      const hashes = hashesOf(
        details && {
          ...details,
          emailSalt: details.emailSalt ?? added.email,
          originSalt: details.originSalt ?? added.origin,
        },
      )
      previous = sealOf(event, hashes, previous, signing.key)
      seals.push({ seq: event.seq, eventId: event.id, ...hashes, keyId: signing.id, seal: previous })
    }
    const addSalts = (tx: Writer): Statement[] =>
      salted.flatMap(({ eventId, ...salts }) => storage.auditChain.addSalts(tx, eventId, salts))
    const landed = await storage.atomicallyUnnoticed((tx) => [
      ...storage.auditChain.extend(tx, head?.isStored === true ? head.seq : null, seals),
      ...addSalts(tx),
    ])
    const last = seals.at(-1)
    if (landed && last !== undefined) known = { seq: last.seq, seal: last.seal }
    return landed
  }

  function reportHead(): void {
    const atMs = now().getTime()
    if (known === null || known.seq === reported.seq || atMs - reported.atMs < reportMs) return
    reported = { seq: known.seq, atMs }
    report?.(known, null)
  }
}

/** Written before there were salts, or by a process that knows none. */
function lacksSalt({ email, address, userAgent, emailSalt, originSalt }: ErasableDetails): boolean {
  return (
    (email !== null && emailSalt === null) ||
    ((address !== null || userAgent !== null) && originSalt === null)
  )
}

import {
  type Anchor,
  type AuditKey,
  type ChainProblem,
  chainStart,
  isAnchorGenuine,
  isSealable,
} from '../domain/audit-chain.ts'
import { equalInConstantTime } from '../domain/constant-time.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { type ChainBreak, checkPart } from './check-chain.ts'
import { createPlaces } from './limit-at-once.ts'
import type { ChainHead } from './seal-audit.ts'
import { createTurns } from './take-turns.ts'

/** What was found of the whole chain. */
export interface AuditVerdict {
  readonly firstBreak: ChainBreak | null
  /** Events that were looked at, and those that wait to be sealed. */
  readonly events: number
  readonly sealed: number
  /** Sealed events of which a detail was erased. */
  readonly erased: number
  /** Events with a smaller `seq` were pruned; null where none were. */
  readonly prunedBefore: number | null
  readonly head: ChainHead | null
  /** Of the head that the caller kept: whether it could still be looked for. Null where none was given. */
  readonly givenHead: 'in_chain' | 'pruned' | 'missing' | null
}

export interface VerifyOptions {
  readonly known?: ChainHead | undefined
  readonly signal?: AbortSignal | undefined
}

export type VerifyAudit = ReturnType<typeof createVerifyAudit>

const partMax = 500
const triesMax = 3
const atOnceMax = 4

/**
 * Walks the whole chain, part by part and in constant memory, and recomputes every seal, and the hashes of whatever
 * details are there. Requests are answered in between.
 */
export function createVerifyAudit(dependencies: { storage: Storage; auditKeys: readonly AuditKey[] }) {
  const { storage, auditKeys } = dependencies
  const chain = storage.auditChain
  const inTurn = createTurns()
  const takePlace = createPlaces(atOnceMax)

  /**
   * `known` is a head that somebody kept elsewhere.
   * @throws KeydeskError `unavailable`, also when `signal` says that nobody waits; `overloaded` past four at once
   */
  return async function verifyAudit(options: VerifyOptions = {}): Promise<AuditVerdict> {
    const leave = takePlace()
    try {
      return await verifyWhole(options)
    } finally {
      leave()
    }
  }

  async function verifyWhole(options: VerifyOptions): Promise<AuditVerdict> {
    for (let attempt = 1; ; attempt += 1) {
      const anchor = await chain.anchor()
      const verdict = await walk(anchor, options)
      if (verdict.firstBreak === null || attempt === triesMax) return verdict
      // What is missing may have been pruned while we walked.
      if ((await chain.anchor())?.seq === anchor?.seq) return verdict
    }
  }

  async function walk(anchor: Anchor | null, { known, signal }: VerifyOptions): Promise<AuditVerdict> {
    // Later ones are sealed while we walk: they are for the next time.
    const head = await chain.head()
    let firstBreak = (anchor === null ? null : await judgeAnchor(anchor)) ?? (await judgeBounds())
    let reached: ChainHead = anchor ?? chainStart
    let [sealed, erased] = [0, 0]
    while (firstBreak === null && head !== null) {
      if (signal?.aborted === true)
        throw new KeydeskError('unavailable', { message: 'Nobody waits for this.' })
      const range = { previous: reached, untilSeq: head.seq, limit: partMax }
      const part = await inTurn(() => checkPart(storage, auditKeys, range))
      erased += part.erased
      reached = part.head
      firstBreak = part.found
      if (part.found === null) sealed += part.rows.length
      if (part.isEnd) break
    }
    firstBreak ??= await judgeWaiting(head?.seq ?? anchor?.seq ?? chainStart.seq)
    const givenHead = known === undefined ? null : await lookFor(known, anchor)
    if (givenHead === 'missing') firstBreak ??= breakOf(known?.seq ?? 0, 'head_missing')
    return {
      firstBreak,
      events: sealed + (await chain.countAfter(head?.seq ?? anchor?.seq ?? chainStart.seq)),
      sealed,
      erased,
      prunedBefore: anchor === null ? null : anchor.seq + 1,
      head: head && { seq: head.seq, seal: head.seal },
      givenHead,
    }
  }

  /** It is ours, and nothing stands before it. */
  async function judgeAnchor(anchor: Anchor): Promise<ChainBreak | null> {
    if (!isAnchorGenuine(anchor, auditKeys)) return breakOf(anchor.seq, 'anchor_wrong')
    const [event] = await chain.events(chainStart.seq, anchor.seq, 1)
    const [seal] = await chain.seals(chainStart.seq, anchor.seq, 1)
    const left = event?.event.seq ?? seal?.seq
    return left === undefined ? null : breakOf(left, 'anchor_wrong', event?.event.id ?? seal?.eventId)
  }

  /** No event has a number that the chain never comes to: whoever wrote it there did not want it sealed. */
  async function judgeBounds(): Promise<ChainBreak | null> {
    const bounds = await storage.audit.bounds()
    if (bounds === null) return null
    if (bounds.first <= chainStart.seq) return breakOf(bounds.first, 'seal_missing')
    return bounds.last > Number.MAX_SAFE_INTEGER ? breakOf(bounds.last, 'seal_missing') : null
  }

  /** Nothing of what is sealed next keeps it, and all that follows, from ever being sealed. */
  async function judgeWaiting(afterSeq: number): Promise<ChainBreak | null> {
    const waiting = await chain.events(afterSeq, Number.MAX_SAFE_INTEGER, partMax)
    const wrong = waiting.find(({ event }) => !isSealable(event))
    return wrong === undefined ? null : breakOf(wrong.event.seq, 'event_changed', wrong.event.id)
  }

  async function lookFor(
    known: ChainHead,
    anchor: Anchor | null,
  ): Promise<NonNullable<AuditVerdict['givenHead']>> {
    if (anchor !== null && known.seq < anchor.seq) return 'pruned'
    const found = known.seq === anchor?.seq ? anchor : await chain.sealAt(known.seq)
    return found !== null && equalInConstantTime(found.seal, known.seal) ? 'in_chain' : 'missing'
  }
}

function breakOf(seq: number, problem: ChainProblem, eventId: string | null = null): ChainBreak {
  return { seq, eventId, problem }
}

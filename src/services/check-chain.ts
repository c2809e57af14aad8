import { type AuditKey, type ChainProblem, isErased, problemOf, type Seal } from '../domain/audit-chain.ts'
import type { AuditRow } from '../storage/audit.ts'
import type { Storage } from '../storage/storage.ts'
import type { ChainHead } from './seal-audit.ts'

/** The first place where a chain does not hold. */
export interface ChainBreak {
  readonly seq: number
  readonly eventId: string | null
  readonly problem: ChainProblem
}

/** A part of the chain that was looked at: how far it holds, and what comes next if it does not. */
export interface CheckedPart {
  readonly rows: readonly AuditRow[]
  /** The last seal that holds. */
  readonly head: ChainHead
  readonly erased: number
  readonly found: ChainBreak | null
  /** Whether there is nothing after it. */
  readonly isEnd: boolean
}

/**
 * Checks the next events of the chain after `previous` and up to `untilSeq`, with their seals. Two short reads: nothing
 * stays open, and what is held is this part alone.
 * @throws KeydeskError `unavailable`
 */
export async function checkPart(
  storage: Storage,
  keys: readonly AuditKey[],
  range: { previous: ChainHead; untilSeq: number; limit: number },
): Promise<CheckedPart> {
  const { previous, untilSeq, limit } = range
  const rows = await storage.auditChain.events(previous.seq, untilSeq, limit)
  const isEnd = rows.length < limit
  const lastSeq = isEnd ? untilSeq : (rows.at(-1)?.event.seq ?? untilSeq)
  // One too many: then there is a seal without its event.
  const seals = await storage.auditChain.seals(previous.seq, lastSeq, limit + 1)
  let head = previous
  let erased = 0
  for (let index = 0; index < Math.max(rows.length, seals.length); index += 1) {
    const [row, seal] = [rows[index], seals[index]]
    const found = breakAt(row, seal, head.seal, keys)
    if (found !== null) return { rows, head, erased, found, isEnd: true }
    if (row !== undefined && seal !== undefined) {
      head = { seq: seal.seq, seal: seal.seal }
      if (isErased(row.details, seal)) erased += 1
    }
  }
  return { rows, head, erased, found: null, isEnd }
}

function breakAt(
  row: AuditRow | undefined,
  seal: Seal | undefined,
  previous: string,
  keys: readonly AuditKey[],
): ChainBreak | null {
  if (row !== undefined && (seal === undefined || row.event.seq < seal.seq))
    return { seq: row.event.seq, eventId: row.event.id, problem: 'seal_missing' }
  if (seal === undefined) return null
  if (row === undefined || seal.seq < row.event.seq)
    return { seq: seal.seq, eventId: seal.eventId, problem: 'event_missing' }
  const problem = problemOf(row.event, row.details, seal, previous, keys)
  return problem === null ? null : { seq: row.event.seq, eventId: row.event.id, problem }
}

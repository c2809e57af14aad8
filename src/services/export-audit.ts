import type { AuditConditions, ExportedRow } from '../storage/audit.ts'
import type { Storage } from '../storage/storage.ts'
import { requireSpan } from './list-audit-events.ts'

/** So many rows are held at a time, and so many numbers are looked through by a query, whatever it filters by. */
const rowsMax = 500
const rangeMax = 20_000

/**
 * The audit trail as it is now, oldest first, a page at a time. Each page is read when it is asked for; nothing stays open
 * in between (design §3), and whoever stops asking leaves nothing behind.
 * @throws KeydeskError `invalid_request`, and `unavailable` at any page
 */
export async function* exportAudit(
  storage: Storage,
  conditions: AuditConditions,
): AsyncGenerator<readonly ExportedRow[], void> {
  requireSpan(conditions)
  const bounds = await storage.audit.bounds()
  if (bounds === null) return
  for (let afterSeq = bounds.first - 1; afterSeq < bounds.last; ) {
    const untilSeq = Math.min(afterSeq + rangeMax, bounds.last)
    const rows = await storage.audit.findForward(conditions, { afterSeq, untilSeq, limit: rowsMax })
    if (rows.length > 0) yield rows
    else await new Promise((resolve) => setImmediate(resolve))
    afterSeq =
      rows.length < rowsMax ? await beforeNext(untilSeq, bounds.last) : (rows.at(-1)?.event.seq ?? untilSeq)
  }

  /** Where the next event begins: a gap, however wide, is no reason to look through all the numbers in it. */
  async function beforeNext(afterSeq: number, lastSeq: number): Promise<number> {
    const [next] = await storage.auditChain.events(afterSeq, lastSeq, 1)
    return next === undefined ? lastSeq : Math.max(afterSeq, next.event.seq - 1)
  }
}

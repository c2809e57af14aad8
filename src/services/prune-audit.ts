import {
  type Anchor,
  type AuditKey,
  anchorMacOf,
  chainStart,
  isAnchorGenuine,
} from '../domain/audit-chain.ts'
import { auditEvent } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { checkPart } from './check-chain.ts'

/** Some ten milliseconds on SQLite, which writes in our thread. */
const batchMax = 500
const msPerDay = 86_400_000

/**
 * Deletes audit events that are older than the retention: whole prefixes of the chain, once a day, whoever of the
 * replicas comes first. Only what is sealed and whole goes: a trail that was changed stays as it is, as evidence. The last
 * seal that went is kept under a MAC, so the rest verifies as before.
 */
export function createPruneAudit(dependencies: {
  storage: Storage
  auditKeys: readonly AuditKey[]
  /** Null: everything is kept. */
  retentionSeconds: number | null
  now: () => Date
}) {
  const { storage, auditKeys, retentionSeconds, now } = dependencies

  /** Answers how many events went. @throws KeydeskError `unavailable`; `conflict` where the chain is broken */
  return async function pruneAudit(): Promise<number> {
    if (retentionSeconds === null) return 0
    const last = await storage.auditChain.anchor()
    if (last !== null && now().getTime() - last.prunedAt.getTime() < msPerDay) return 0
    let pruned = 0
    for (;;) {
      const count = await pruneBatch(new Date(now().getTime() - retentionSeconds * 1000))
      pruned += count
      if (count < batchMax) return pruned
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async function pruneBatch(before: Date): Promise<number> {
    const anchor = await storage.auditChain.anchor()
    // Or the next one, which is ours, would vouch for whatever somebody cut off before.
    if (anchor !== null && !isAnchorGenuine(anchor, auditKeys)) throw broken(anchor.seq)
    const head = await storage.auditChain.head()
    // The seal at the head stays: whoever continues the chain looks for it.
    const range = {
      previous: anchor ?? chainStart,
      untilSeq: (head?.seq ?? chainStart.seq) - 1,
      limit: batchMax,
    }
    const rows = await storage.auditChain.events(range.previous.seq, range.untilSeq, batchMax)
    const firstKept = rows.findIndex(({ event }) => event.at >= before)
    const old = firstKept === -1 ? rows : rows.slice(0, firstKept)
    const lastOld = old.at(-1)
    if (lastOld === undefined) return 0
    const part = await checkPart(storage, auditKeys, { ...range, untilSeq: lastOld.event.seq })
    if (part.found !== null) {
      // Or another replica pruned between our two readings, and what is missing is what it took.
      const anchorNow = await storage.auditChain.anchor()
      if (anchorNow?.seq !== anchor?.seq) return 0
      throw broken(part.found.seq)
    }
    if (part.head.seq !== lastOld.event.seq) return 0
    return (await pruneTo(part.head, anchor, old.length)) ? old.length : 0
  }

  /** Answers whether it landed: another replica may have been first. */
  async function pruneTo(
    last: Pick<Anchor, 'seq' | 'seal'>,
    before: Anchor | null,
    count: number,
  ): Promise<boolean> {
    const signing = auditKeys.at(-1)
    if (signing === undefined) throw new Error('there is no key for sealing')
    const at = now()
    const unsigned = { seq: last.seq, seal: last.seal, prunedAt: at }
    const anchor: Anchor = { ...unsigned, keyId: signing.id, mac: anchorMacOf(unsigned, signing.key) }
    const facts = { events: count, until_seq: last.seq }
    return storage.atomically((tx) => [
      ...storage.auditChain.prune(tx, before, anchor),
      ...storage.audit.record(tx, auditEvent({ at, action: 'audit.pruned', actor: 'system', facts })),
    ])
  }
}

function broken(seq: number): KeydeskError {
  return new KeydeskError('conflict', {
    message: `The audit trail is broken at ${seq}, so nothing of it is pruned. GET /admin/audit/verify says more.`,
  })
}

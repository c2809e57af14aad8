import { randomBytes } from 'node:crypto'
import { chainStart } from '../../src/domain/audit-chain.ts'
import type { AuditEvent } from '../../src/domain/audit-event.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { createPruneAudit } from '../../src/services/prune-audit.ts'
import { createSealAudit } from '../../src/services/seal-audit.ts'
import { createVerifyAudit } from '../../src/services/verify-audit.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { baseTime, type engines, eventRow, land, plusMs } from './engines.ts'

export const chainOrigin = { requestId: 'req_1', address: '192.0.2.7', userAgent: 'curl/8 ünïcødé' }
const day = 86_400_000

/** A database with a keyring, and what writes, seals, verifies and prunes on it; `other` is as another replica. */
export async function startChain(engine: (typeof engines)[number]) {
  const database = await engine.create()
  const wrapKey = randomBytes(32)
  let clock = baseTime
  const now = () => clock
  const open = () => openStorage(database.url, { connectMs: 5000, statementMs: 5000 })
  const [storage, other] = [await open(), await open()]
  const { auditKeys } = await openKeyring({ storage, wrapKey, previousWrapKey: null, now })
  const reports: unknown[][] = []
  const onStorage = (one: Storage) => ({
    seal: createSealAudit({ storage: one, auditKeys, report: (...told) => void reports.push(told), now }),
    verify: createVerifyAudit({ storage: one, auditKeys }),
    prune: (retentionDays: number) =>
      createPruneAudit({ storage: one, auditKeys, retentionSeconds: retentionDays * 86_400, now })(),
  })
  const write = async (...events: AuditEvent[]) => {
    for (const event of events) await land(storage, (tx) => storage.audit.record(tx, event))
  }
  return {
    database,
    storage,
    other,
    auditKeys,
    reports,
    here: onStorage(storage),
    there: onStorage(other),
    setDay: (days: number) => {
      clock = new Date(baseTime.getTime() + days * day)
    },
    write,
    /** So many events, a second apart, with a person in their details. */
    writeMany: (count: number, change: object = {}) =>
      write(
        ...Array.from({ length: count }, (_, index) =>
          eventRow({
            at: plusMs(index * 1000),
            actor: 'user:usr_a',
            target: `key:k${index}`,
            facts: { n: index, scopes: ['a', 'b'], 'ключ ü': 0.1 },
            email: 'ada@corp.com',
            origin: chainOrigin,
            ...change,
          }),
        ),
      ),
    events: () => storage.auditChain.events(chainStart.seq, Number.MAX_SAFE_INTEGER, 10_000),
    seals: () => storage.auditChain.seals(chainStart.seq, Number.MAX_SAFE_INTEGER, 10_000),
    end: async () => {
      await storage.close()
      await other.close()
      await database.drop()
    },
  }
}

export type Chain = Awaited<ReturnType<typeof startChain>>

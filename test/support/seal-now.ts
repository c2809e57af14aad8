import { chainStart } from '../../src/domain/audit-chain.ts'
import { deriveKeys } from '../../src/domain/derived-keys.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { createSealAudit } from '../../src/services/seal-audit.ts'
import { openStorage } from '../../src/storage/storage.ts'
import type { TestGateway } from './gateway.ts'

/** Seals every audit event that is there, as the gateway itself would within a second, or another replica. */
export async function sealNow({
  database,
  masterKey,
}: Pick<TestGateway, 'database' | 'masterKey'>): Promise<void> {
  const now = () => new Date()
  const storage = await openStorage(database.url, { connectMs: 5000, statementMs: 5000 })
  const wrapKey = deriveKeys(masterKey).keyring
  const { auditKeys } = await openKeyring({ storage, wrapKey, previousWrapKey: null, now })
  const seal = createSealAudit({ storage, auditKeys, now })
  const isAnyLeft = async () => {
    const head = await storage.auditChain.head()
    return (
      (await storage.auditChain.events(head?.seq ?? chainStart.seq, Number.MAX_SAFE_INTEGER, 1)).length > 0
    )
  }
  // Once more where the gateway was faster a few times: a run gives way then.
  do await seal()
  while (await isAnyLeft())
  await storage.close()
}

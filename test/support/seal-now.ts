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
  await createSealAudit({ storage, auditKeys, now })()
  await storage.close()
}

import { createAccessRules } from './access-rules.ts'
import { createApps } from './apps.ts'
import { createAttempts } from './attempts.ts'
import { createAudit } from './audit.ts'
import { createAuditChain } from './audit-chain.ts'
import { createAuthCodes } from './auth-codes.ts'
import { openDatabase } from './database.ts'
import { createDeskCounts } from './desk-counts.ts'
import { createIdempotencyRecords } from './idempotency.ts'
import { createIdentities } from './identities.ts'
import { createInvitations } from './invitations.ts'
import { createKeyLists } from './key-lists.ts'
import { createKeyring } from './keyring.ts'
import { createKeys } from './keys.ts'
import type { PostgresOptions } from './postgres-database.ts'
import type { Database } from './query.ts'
import { createSessions } from './sessions.ts'
import { createStoppedKeys } from './stopped-keys.ts'
import { createUsage } from './usage.ts'
import { createUsers } from './users.ts'

export type Storage = ReturnType<typeof createStorage>

/** Opens the database and answers its repositories. @throws KeydeskError `unavailable` */
export async function openStorage(databaseUrl: string, options: PostgresOptions = {}): Promise<Storage> {
  return createStorage(await openDatabase(databaseUrl, options))
}

/** The repositories of a database, one for each noun. */
export function createStorage(database: Database) {
  return {
    users: createUsers(database),
    identities: createIdentities(database),
    keys: createKeys(database),
    keyLists: createKeyLists(database),
    stoppedKeys: createStoppedKeys(database),
    sessions: createSessions(database),
    accessRules: createAccessRules(database),
    apps: createApps(database),
    authCodes: createAuthCodes(database),
    invitations: createInvitations(database),
    attempts: createAttempts(database),
    idempotency: createIdempotencyRecords(database),
    keyring: createKeyring(database),
    audit: createAudit(database),
    auditChain: createAuditChain(database),
    usage: createUsage(database),
    deskCounts: createDeskCounts(database),
    atomically: database.atomically,
    atomicallyUnnoticed: database.atomicallyUnnoticed,
    generation: database.generation,
    changedSince: database.changedSince,
    confirmChanges: database.confirmChanges,
    rateCounts: database.rateCounts,
    feedState: database.feedState,
    ping: database.ping,
    close: database.close,
  }
}

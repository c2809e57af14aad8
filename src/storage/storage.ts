import { createAccessRules } from './access-rules.ts'
import { createAttempts } from './attempts.ts'
import { createAudit } from './audit.ts'
import { openDatabase } from './database.ts'
import { createIdentities } from './identities.ts'
import { createInvitations } from './invitations.ts'
import { createKeyring } from './keyring.ts'
import { createKeys } from './keys.ts'
import type { PostgresOptions } from './postgres-database.ts'
import { createSessions } from './sessions.ts'
import { createUsage } from './usage.ts'
import { createUsers } from './users.ts'

export type Storage = Awaited<ReturnType<typeof openStorage>>

/** Opens the database and answers its repositories, one for each noun. @throws KeydeskError `unavailable` */
export async function openStorage(databaseUrl: string, options: PostgresOptions = {}) {
  const database = await openDatabase(databaseUrl, options)
  return {
    users: createUsers(database),
    identities: createIdentities(database),
    keys: createKeys(database),
    sessions: createSessions(database),
    accessRules: createAccessRules(database),
    invitations: createInvitations(database),
    attempts: createAttempts(database),
    keyring: createKeyring(database),
    audit: createAudit(database),
    usage: createUsage(database),
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

import { and, eq, gt, lte } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'
import type { authCodes as codesTable } from './schema.postgres.ts'

export type AuthCode = (typeof codesTable)['$inferSelect']

/** One-time codes for apps that share no cookie domain. */
export function createAuthCodes(database: Database) {
  const { authCodes } = database.tables
  return {
    async find(codeHash: string, now: Date): Promise<AuthCode | null> {
      const live = and(eq(authCodes.codeHash, codeHash), gt(authCodes.expiresAt, now))
      const [code] = await database.rows(database.select().from(authCodes).where(live).limit(1))
      return code ?? null
    },

    insert: (tx: Writer, code: AuthCode): Statement => tx.insert(authCodes).values(code),

    /** Takes it: one row, unless somebody else took it first. */
    take: (tx: Writer, codeHash: string, now: Date): Statement =>
      tx.delete(authCodes).where(and(eq(authCodes.codeHash, codeHash), gt(authCodes.expiresAt, now))),

    prune: (tx: Writer, now: Date): Statement => tx.delete(authCodes).where(lte(authCodes.expiresAt, now)),
  }
}

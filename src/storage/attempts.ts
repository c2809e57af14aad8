import { lt } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'

/** Sign-in attempts that have been used up. */
export function createAttempts(database: Database) {
  const { usedAttempts } = database.tables
  return {
    /** Marks an attempt as used; in a list it fails where the attempt was used before, on any replica. */
    use: (tx: Writer, nonceHash: string, expiresAt: Date): Statement =>
      tx.insert(usedAttempts).values({ nonceHash, expiresAt }),

    /** Forgets attempts whose state has long expired, which refuses them from then on. */
    prune: (tx: Writer, now: Date): Statement =>
      tx.delete(usedAttempts).where(lt(usedAttempts.expiresAt, now)),
  }
}

import { and, asc, eq } from 'drizzle-orm'
import type { Database, Statement, Writer } from './query.ts'
import type { keyring as keyringTable } from './schema.postgres.ts'

export type WrappedKey = (typeof keyringTable)['$inferSelect']

/** Under this id a change of any key of ours is told to whoever remembers them. */
export const keyringChange = 'keyring'

/** Keydesk's own keys, wrapped. */
export function createKeyring(database: Database) {
  const { keyring } = database.tables
  return {
    async all(): Promise<WrappedKey[]> {
      return database.rows(database.select().from(keyring).orderBy(asc(keyring.createdAt), asc(keyring.id)))
    },

    insert: (tx: Writer, key: WrappedKey): Statement => tx.insert(keyring).values(key),

    remove: (tx: Writer, id: string): Statement => tx.delete(keyring).where(eq(keyring.id, id)),

    /** Replaces the wrapping of a key, unless another process did so first. */
    rewrap: (tx: Writer, key: WrappedKey, wrapped: string): Statement =>
      tx
        .update(keyring)
        .set({ wrapped })
        .where(and(eq(keyring.id, key.id), eq(keyring.wrapped, key.wrapped))),
  }
}

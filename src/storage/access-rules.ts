import { and, asc, desc, eq, lt, ne, or } from 'drizzle-orm'
import { type Page, type PageCursor, toPage } from '../domain/page-cursor.ts'
import { olderThan } from './paging.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { allowlistCopies as copiesTable, accessRules as rulesTable } from './schema.postgres.ts'

export type StoredAccessRule = (typeof rulesTable)['$inferSelect']
export type AllowlistCopy = (typeof copiesTable)['$inferSelect']

/** Under this id a change of any rule, or of the list, is told to whoever remembers them. */
export const accessRulesChange = 'access_rules'

/** Who may come in, as admins wrote it, and the last good copy of the external list. */
export function createAccessRules(database: Database) {
  const { accessRules, allowlistCopies } = database.tables
  return {
    /** All of them, oldest first: they are few. */
    all: (): Promise<StoredAccessRule[]> =>
      database.rows(
        database.select().from(accessRules).orderBy(asc(accessRules.createdAt), asc(accessRules.id)),
      ),

    async find(id: string): Promise<StoredAccessRule | null> {
      const [rule] = await database.rows(
        database.select().from(accessRules).where(eq(accessRules.id, id)).limit(1),
      )
      return rule ?? null
    },

    async page(filter: { limit: number; after: PageCursor | null }): Promise<Page<StoredAccessRule>> {
      const query = database.select().from(accessRules).where(olderThan(accessRules, filter.after))
      const ordered = query.orderBy(desc(accessRules.createdAt), desc(accessRules.id)).limit(filter.limit + 1)
      return toPage(await database.rows(ordered), filter.limit, (rule) => ({
        at: rule.createdAt,
        id: rule.id,
      }))
    },

    insert: (tx: Writer, rule: StoredAccessRule): Statement => tx.insert(accessRules).values(rule),

    /** The same, but nothing where the rule is there already. */
    insertOnce: (tx: Writer, rule: StoredAccessRule): Statement =>
      tx.insert(accessRules).values(rule).onConflictDoNothing(),

    remove: (tx: Writer, id: string): Statement => tx.delete(accessRules).where(eq(accessRules.id, id)),

    async allowlistCopy(): Promise<AllowlistCopy | null> {
      const [copy] = await database.rows(database.select().from(allowlistCopies).limit(1))
      return copy ?? null
    },

    /** Keeps a copy, unless one that was asked for later is there already: an answer can be overtaken. */
    keepAllowlistCopy: (tx: Writer, copy: AllowlistCopy): Statement => {
      const { id: _, ...values } = copy
      const isOlder = or(
        ne(allowlistCopies.urlHash, copy.urlHash),
        lt(allowlistCopies.fetchedAt, copy.fetchedAt),
      )
      return tx
        .insert(allowlistCopies)
        .values(copy)
        .onConflictDoUpdate({ target: allowlistCopies.id, set: values, setWhere: isOlder })
    },

    /** That the list is still what it was when this copy was made. */
    confirmAllowlistCopy: (tx: Writer, copy: AllowlistCopy, at: Date): Statement =>
      tx
        .update(allowlistCopies)
        .set({ fetchedAt: at })
        .where(and(eq(allowlistCopies.urlHash, copy.urlHash), eq(allowlistCopies.fetchedAt, copy.fetchedAt))),
  }
}

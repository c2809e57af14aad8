import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { type Page, type PageCursor, toPage } from '../domain/page-cursor.ts'
import { olderThan } from './paging.ts'
import type { Database, Statement, Writer } from './query.ts'
import type { apps as appsTable } from './schema.postgres.ts'

export type App = (typeof appsTable)['$inferSelect']

/** Under this id a change of any app is told to whoever remembers them. */
export const appsChange = 'apps'

/** The apps behind the proxies, as admins wrote them. */
export function createApps(database: Database) {
  const { apps } = database.tables
  return {
    /** All of them, oldest first: they are few. */
    all: (): Promise<App[]> =>
      database.rows(database.select().from(apps).orderBy(asc(apps.createdAt), asc(apps.id))),

    async find(id: string): Promise<App | null> {
      const [app] = await database.rows(database.select().from(apps).where(eq(apps.id, id)).limit(1))
      return app ?? null
    },

    ofHost: (host: string): Promise<App[]> =>
      database.rows(database.select().from(apps).where(eq(apps.host, host))),

    async page(filter: { limit: number; after: PageCursor | null }): Promise<Page<App>> {
      const query = database.select().from(apps).where(olderThan(apps, filter.after))
      const ordered = query.orderBy(desc(apps.createdAt), desc(apps.id)).limit(filter.limit + 1)
      return toPage(await database.rows(ordered), filter.limit, ({ createdAt, id }) => ({
        at: createdAt,
        id,
      }))
    },

    insert: (tx: Writer, app: App): Statement => tx.insert(apps).values(app),

    /** Changes nothing; a row for each app of the host. */
    requireOfHost: (tx: Writer, host: string): Statement =>
      tx
        .guard(apps)
        .set({ version: sql`${apps.version}` })
        .where(eq(apps.host, host)),

    /** Replaces what an admin may change, unless somebody else changed it since `version` was read. */
    update: (tx: Writer, app: App): Statement => {
      const { id, version, createdBy: _, createdAt: __, ...values } = app
      return tx
        .update(apps)
        .set({ ...values, version: version + 1 })
        .where(and(eq(apps.id, id), eq(apps.version, version)))
    },

    remove: (tx: Writer, app: Pick<App, 'id' | 'version'>): Statement =>
      tx.delete(apps).where(and(eq(apps.id, app.id), eq(apps.version, app.version))),
  }
}

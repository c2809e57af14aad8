import type { Hono } from 'hono'
import { z } from 'zod'
import { UsersPage } from '../../../templates/console/users-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import { listUsers } from '../../services/list-users.ts'
import { doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { readQuery } from '../read-query.ts'
import { pageQuery, searchText } from '../wire/inputs.ts'
import type { ConsoleDependencies } from './console.ts'

/** So that a page stays small. */
const rowsMax = 25
const query = pageQuery.omit({ limit: true }).extend({
  ...doneQuery.shape,
  search: searchText.optional(),
  role: z.enum(['member', 'admin']).optional(),
  status: z.enum(['active', 'disabled']).optional(),
})

/** The people of the desk. */
export function consoleUserListRoutes(app: Hono<AppEnvironment>, dependencies: ConsoleDependencies): void {
  const { storage, makeFrame, now } = dependencies

  app.get('/console/users', async (c) => {
    const { done, cursor, search, role, status } = readQuery(c, query)
    const filter = { kind: 'person', search, role, status, limit: rowsMax, cursor } as const
    const { rows, nextCursor } = await listUsers(storage, filter)
    const ids = rows.map(({ id }) => id)
    const [liveKeys, lastSignIns] = await Promise.all([
      storage.keys.countLiveOf(ids, now()),
      storage.identities.lastSignInsOf(ids),
    ])
    const users = rows.map((row) => ({
      ...row,
      liveKeys: liveKeys.get(row.id) ?? 0,
      lastSignInAt: lastSignIns.get(row.id) ?? null,
    }))
    const shown = { search: search ?? '', role: role ?? '', status: status ?? '', cursor: cursor ?? '' }
    return c.html(renderPage(UsersPage({ frame: makeFrame(c, done), users, query: shown, next: nextCursor })))
  })
}

import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { ServiceAccountsPage } from '../../../templates/console/service-accounts-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import type { CreateServiceAccount } from '../../services/create-service-account.ts'
import { listUsers } from '../../services/list-users.ts'
import { idOfAddress, responsiblePeople } from '../../services/responsible-people.ts'
import { doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { readQuery } from '../read-query.ts'
import { submitForm, type Typed } from '../submit-form.ts'
import { emailAddress, id, label, pageQuery, searchText } from '../wire/inputs.ts'
import { groupsAndLimit, toScopeLimit } from '../wire/user-form.ts'
import type { ConsoleDependencies } from './console.ts'

const path = '/console/service-accounts'
/** So that a page stays small. */
const rowsMax = 25
const query = pageQuery.omit({ limit: true }).extend({
  ...doneQuery.shape,
  search: searchText.optional(),
  status: z.enum(['active', 'disabled']).optional(),
  responsible_user_id: id.optional(),
  without_responsible: z.literal('true').optional(),
})
const account = z.strictObject({ name: label, responsible: emailAddress, ...groupsAndLimit })

/** Service accounts: which there are, and making one. Each is looked at and changed as a user. */
export function consoleServiceAccountRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & { createServiceAccount: CreateServiceAccount },
): void {
  const { storage, forms, makeFrame, createServiceAccount, now } = dependencies

  app.get(path, async (c) => c.html(await show(c)))

  app.post(path, (c) =>
    submitForm(
      c,
      forms,
      account,
      async ({ name, groups, limit, scope_limit: scopes, responsible }) => {
        const made = await createServiceAccount(
          {
            name,
            groups,
            scopeLimit: toScopeLimit(limit, scopes),
            responsibleId: await idOfAddress(storage, responsible),
          },
          c.get('actor'),
          c.get('origin'),
        )
        return `/console/users/${made.id}?done=account_made`
      },
      show,
    ),
  )

  async function show(c: Context<AppEnvironment>, notice?: NoticeProps, typed: Typed = {}): Promise<string> {
    const { done, cursor, ...filter } = readQuery(c, query)
    const { rows, nextCursor } = await listUsers(storage, {
      kind: 'service',
      search: filter.search,
      status: filter.status,
      responsibleId: filter.responsible_user_id,
      isUnanswered: filter.without_responsible === 'true',
      limit: rowsMax,
      cursor,
    })
    const responsibleFor = await responsiblePeople(storage, rows)
    const ids = rows.map((row) => row.id)
    const liveKeys = await storage.keys.countLiveOf(ids, now())
    return renderPage(
      ServiceAccountsPage({
        frame: makeFrame(c, notice ?? done),
        accounts: rows.map((row) => ({
          ...row,
          responsible: responsibleFor(row),
          liveKeys: liveKeys.get(row.id) ?? 0,
        })),
        query: {
          cursor: cursor ?? '',
          search: filter.search ?? '',
          status: filter.status ?? '',
          responsible_user_id: filter.responsible_user_id ?? '',
          without_responsible: filter.without_responsible ?? '',
        },
        next: nextCursor,
        typed,
        ownEmail: c.get('session').user.email,
      }),
    )
  }
}

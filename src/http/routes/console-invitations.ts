import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { InvitationsPage } from '../../../templates/console/invitations-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import type { InviteUser } from '../../services/invite-user.ts'
import { listInvitations } from '../../services/list-invitations.ts'
import type { WithdrawInvitation } from '../../services/withdraw-invitation.ts'
import { doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { words } from '../forms.ts'
import { pathId } from '../path-id.ts'
import { readQuery } from '../read-query.ts'
import { submitForm, type Typed } from '../submit-form.ts'
import { emailAddress, groups, pageQuery, signInProvider } from '../wire/inputs.ts'
import type { ConsoleDependencies } from './console.ts'

/** So many rows make a page of less than 30 KB. */
const rowsOnPage = 25
const query = pageQuery.omit({ limit: true }).extend(doneQuery.shape)

/** Invitations: who was asked in, making one, withdrawing one. */
export function consoleInvitationRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & { inviteUser: InviteUser; withdrawInvitation: WithdrawInvitation },
): void {
  const { storage, forms, makeFrame, providers, baseUrl, inviteUser, withdrawInvitation } = dependencies
  const invitation = z.strictObject({
    email: emailAddress,
    provider: signInProvider(providers),
    role: z.enum(['member', 'admin']),
    groups: words(groups),
  })

  app.get('/console/invitations', async (c) => c.html(await show(c)))

  app.post('/console/invitations', (c) =>
    submitForm(
      c,
      forms,
      invitation,
      async (fields) => {
        await inviteUser(fields, c.get('actor'), c.get('origin'))
        return '/console/invitations?done=invited'
      },
      show,
    ),
  )

  app.post('/console/invitations/:id/withdraw', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({}),
      async () => {
        await withdrawInvitation(pathId(c), c.get('actor'), c.get('origin'))
        return '/console/invitations?done=withdrawn'
      },
      show,
    ),
  )

  async function show(c: Context<AppEnvironment>, notice?: NoticeProps, typed: Typed = {}): Promise<string> {
    // After a form that failed the list begins anew: its own query is not the one of the list.
    const { done, ...page } = readQuery(c, query)
    const { rows, nextCursor } = await listInvitations(storage, { ...page, limit: rowsOnPage })
    return renderPage(
      InvitationsPage({
        frame: makeFrame(c, notice ?? done),
        invitations: rows.map((row) => ({ ...row, url: `${baseUrl}/auth/login/${row.provider}` })),
        providers,
        typed,
        query: { cursor: page.cursor ?? '' },
        next: nextCursor,
      }),
    )
  }
}

import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { UserPage } from '../../../templates/console/user-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { shownStatus } from '../../domain/key-status.ts'
import type { ApproveIdentity } from '../../services/approve-identity.ts'
import type { ChangeUser } from '../../services/change-user.ts'
import { describeUser } from '../../services/describe-user.ts'
import type { EndSessions } from '../../services/end-sessions.ts'
import type { EraseUser } from '../../services/erase-user.ts'
import type { RemoveIdentity } from '../../services/remove-identity.ts'
import { idOfAddress } from '../../services/responsible-people.ts'
import type { RevokeEverything } from '../../services/revoke-everything.ts'
import { type DoneWord, doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { pathId } from '../path-id.ts'
import { readQuery } from '../read-query.ts'
import { submitForm, type Typed } from '../submit-form.ts'
import { emailAddress, signInProvider } from '../wire/inputs.ts'
import { versionField } from '../wire/key-form.ts'
import { toUserChange, userFormFields } from '../wire/user-form.ts'
import type { ConsoleDependencies } from './console.ts'

const nothing = z.strictObject({})

/** One user, a person or a service account: everything of it, and everything that can be done about it. */
export function consoleUserRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & {
    idleSecondsMax: number
    changeUser: ChangeUser
    eraseUser: EraseUser
    revokeEverything: RevokeEverything
    approveIdentity: ApproveIdentity
    removeIdentity: RemoveIdentity
    endSessions: EndSessions
  },
): void {
  const { storage, forms, makeFrame, providers, idleSecondsMax, now, endSessions } = dependencies
  const approval = z.strictObject({ email: emailAddress, provider: signInProvider(providers) })

  app.get('/console/users/:id', async (c) => c.html(await show(c)))

  on('', z.strictObject({ version: versionField, ...userFormFields }), async (c, { version, ...fields }) => {
    const { responsible } = fields
    const responsibleId = responsible === undefined ? undefined : await idOfAddress(storage, responsible)
    const wanted = { ...toUserChange(fields), responsibleId }
    const user = await dependencies.changeUser(pathId(c), wanted, version, c.get('grantor'), c.get('origin'))
    if (isOwn(c) && (user.role !== 'admin' || user.status !== 'active')) return '/account'
    if (fields.status === undefined) return whereTo(c, 'user_changed')
    return whereTo(c, user.status === 'active' ? 'user_enabled' : 'user_disabled')
  })

  on('/revoke-everything', nothing, async (c) => {
    await dependencies.revokeEverything(pathId(c), c.get('actor'), c.get('origin'))
    return signedOut(c) ?? whereTo(c, 'everything_revoked')
  })

  on('/erase', z.strictObject({ version: versionField }), async (c, { version }) => {
    await dependencies.eraseUser(pathId(c), version, c.get('actor'), c.get('origin'))
    return signedOut(c) ?? '/console/users?done=user_erased'
  })

  on('/identities', approval, async (c, identity) => {
    await dependencies.approveIdentity(pathId(c), identity, c.get('actor'), c.get('origin'))
    return whereTo(c, 'identity_approved')
  })

  on('/identities/:identity_id/remove', nothing, async (c) => {
    const identityId = pathId(c, 'identity_id')
    await dependencies.removeIdentity(pathId(c), identityId, c.get('actor'), c.get('origin'))
    return signedOut(c) ?? whereTo(c, 'identity_removed')
  })

  on('/sessions/end', nothing, async (c) => {
    await endSessions.endOfUser(pathId(c), c.get('actor'), c.get('origin'))
    return signedOut(c) ?? whereTo(c, 'sessions_ended')
  })

  on('/sessions/:session_id/end', nothing, async (c) => {
    const sessionId = pathId(c, 'session_id')
    await endSessions.endOne(pathId(c), sessionId, c.get('actor'), c.get('origin'))
    return sessionId === c.get('session').session.id ? '/' : whereTo(c, 'session_ended')
  })

  /** A form of the page. */
  function on<Schema extends z.ZodType>(
    what: string,
    schema: Schema,
    act: (c: Context<AppEnvironment>, fields: z.output<Schema>) => Promise<string>,
  ): void {
    app.post(`/console/users/:id${what}`, (c) =>
      submitForm(c, forms, schema, (fields) => act(c, fields), show),
    )
  }

  async function show(c: Context<AppEnvironment>, notice?: NoticeProps, typed: Typed = {}): Promise<string> {
    const { done } = readQuery(c, doneQuery)
    const { session } = c.get('session')
    const described = await describeUser(storage, pathId(c), { idleSecondsMax, now: now() })
    const { user, sessions, keys, stoppedKeys } = described
    return renderPage(
      UserPage({
        ...described,
        frame: makeFrame(c, notice ?? done),
        isYou: isOwn(c),
        keys: keys.map((key) => ({ ...key, status: shownStatus(key, now()) })),
        stoppedKeys: stoppedKeys.map((key) => ({ ...key, owner: null, href: `/console/keys/${key.id}` })),
        sessions: sessions.map((one) => ({ ...one, isThis: one.id === session.id })),
        providers,
        // Where somebody else changed the user, what is shown is what is there now.
        typed: typed.version === String(user.version) ? typed : {},
      }),
    )
  }
}

/** Whether who asks is the user of the page. */
function isOwn(c: Context<AppEnvironment>): boolean {
  return pathId(c) === c.get('callerId')
}

function whereTo(c: Context<AppEnvironment>, done: DoneWord): string {
  return `/console/users/${encodeURIComponent(pathId(c))}?done=${done}`
}

/** Where whoever has ended their own session goes on; null for everybody else. */
function signedOut(c: Context<AppEnvironment>): string | null {
  return isOwn(c) ? '/' : null
}

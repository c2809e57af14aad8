import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { AccountPage } from '../../../templates/account-page.tsx'
import { type Assets, renderPage } from '../../../templates/layout.tsx'
import type { Config } from '../../config.ts'
import { leaseUntil } from '../../domain/lease.ts'
import type { EndSessions } from '../../services/end-sessions.ts'
import { listKeys } from '../../services/list-keys.ts'
import { listSessions } from '../../services/list-sessions.ts'
import { listStoppedKeys } from '../../services/list-stopped-keys.ts'
import type { MintOwnKey } from '../../services/mint-own-key.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import { requireRecentSession } from '../../services/require-recent-session.ts'
import type { RetireKey } from '../../services/retire-key.ts'
import type { RevokeKey } from '../../services/revoke-key.ts'
import type { RotateOwnKey } from '../../services/rotate-own-key.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  accountDoneQuery,
  createMakeAccountFrame,
  type MakeAccountFrame,
  toOwnKey,
} from '../account-frame.ts'
import type { ReadSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import type { Forms } from '../forms.ts'
import { refuseCredentials } from '../middleware/refuse-credentials.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { requirePageSession } from '../middleware/require-page-session.ts'
import type { Pages } from '../pages.ts'
import { pathId } from '../path-id.ts'
import { readQuery } from '../read-query.ts'
import { noProvider, type SendToProvider } from '../send-to-provider.ts'
import { accountDataRoutes } from './account-data.ts'
import { accountKeyRoutes } from './account-keys.ts'

/** What people do for themselves. */
export interface AccountServices {
  readonly mintOwnKey: MintOwnKey
  readonly rotateOwnKey: RotateOwnKey
  readonly retireKey: RetireKey
  readonly revokeKey: RevokeKey
  readonly endSessions: EndSessions
}

/** What every part of the account pages is given. */
export interface AccountDependencies {
  readonly config: Config
  readonly storage: Storage
  readonly account: AccountServices
  readonly forms: Forms
  readonly makeFrame: MakeAccountFrame
  readonly now: () => Date
}

/** Live keys that the first page shows. */
const keysShown = 5
const link = z.strictObject({ provider: z.string() })

/** The pages of whoever is signed in: who they are, their keys, where they are signed in. A session alone opens them. */
export function accountRoutes(
  app: Hono<AppEnvironment>,
  dependencies: Omit<AccountDependencies, 'makeFrame'> & {
    readSession: ReadSession
    recordRefusal: RecordRefusal
    /** Null where sign-in is off. */
    sendToProvider: SendToProvider | null
    pages: Pages
    assets: { readonly paths: Assets }
  },
): void {
  const { config, storage, account, forms, readSession, recordRefusal, sendToProvider, pages, assets, now } =
    dependencies
  const { providers } = config
  const makeFrame = createMakeAccountFrame({ assets: assets.paths, forms, now })
  app.use('/account/*', refusePlainHttp(config.authBaseUrl))
  app.use('/account/*', refuseCredentials())
  app.use(
    '/account/*',
    requirePageSession({ readSession, canSignIn: providers.length > 0, recordRefusal, isForAdmins: false }),
  )
  app.use('/account/*', async (c, next) => {
    // What is asked for stands in the form; a query beside it means nothing.
    if (c.req.method === 'POST') readQuery(c, z.strictObject({}))
    await next()
  })

  app.get('/account', async (c) => c.html(await show(c)))

  app.post('/account/identities', async (c) => {
    const { provider: providerId } = await forms.read(c, c.get('session'), link)
    const { session, user } = c.get('session')
    requireRecentSession(session, now())
    if (sendToProvider === null) throw noProvider()
    const purpose = { kind: 'link', sessionId: session.id, userId: user.id } as const
    const { provider, url } = await sendToProvider(c, providerId, purpose)
    return c.html(pages.onward(provider, url, c.get('requestId')), 200)
  })

  app.post('/account/sessions/:id/end', async (c) => {
    await forms.read(c, c.get('session'), z.strictObject({}))
    const { user } = c.get('session')
    await account.endSessions.endOne(user.id, pathId(c), c.get('actor'), c.get('origin'))
    return c.redirect('/account?done=signed-out', 303)
  })

  accountDataRoutes(app, dependencies)
  accountKeyRoutes(app, { ...dependencies, makeFrame })

  async function show(c: Context<AppEnvironment>): Promise<string> {
    const { done } = readQuery(c, accountDoneQuery)
    const { user, identities, session } = c.get('session')
    const at = now()
    const list = {
      userId: user.id,
      status: 'active',
      sort: '-created_at',
      limit: keysShown,
      now: at,
    } as const
    const { rows, nextCursor } = await listKeys(storage, list)
    const sessions = await listSessions(storage, user.id, { idleSecondsMax: config.sessionIdle, now: at })
    const owners = [user.id, ...(await storage.users.idsAnsweredBy(user.id))]
    const stopped = await listStoppedKeys(storage, owners, at)
    const labelOf = (id: string) => providers.find((provider) => provider.id === id)?.label ?? id
    return renderPage(
      AccountPage({
        frame: makeFrame(c, done),
        leaseUntil: leaseUntil({ kind: user.kind, identities }, config.keyLease),
        user,
        canGetKey: providers.length > 0,
        canMakeKey: config.selfServiceKeysMax > 0,
        identities: identities.map((identity) => ({ ...identity, provider: labelOf(identity.provider) })),
        linkable: providers.filter(({ id }) => !identities.some(({ provider }) => provider === id)),
        sessions: sessions.map((one) => ({ ...one, isThis: one.id === session.id })),
        keys: rows.map((key) => toOwnKey(key, user, at)),
        hasMoreKeys: nextCursor !== null,
        stoppedKeys: stopped.map((key) => {
          const isOwn = key.userId === user.id
          const owner = isOwn ? null : (key.ownerName ?? key.userId)
          return { ...key, owner, href: isOwn ? `/account/keys/${key.id}` : null }
        }),
      }),
    )
  }
}

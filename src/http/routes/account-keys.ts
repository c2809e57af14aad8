import type { Context, Hono } from 'hono'
import { z } from 'zod'
import type { OwnKeyDetails } from '../../../templates/account/key-cards.tsx'
import { KeysPage } from '../../../templates/account/keys-page.tsx'
import { MadeBeforePage } from '../../../templates/account/made-before-page.tsx'
import { NewKeyPage } from '../../../templates/account/new-key-page.tsx'
import { OneKeyPage } from '../../../templates/account/one-key-page.tsx'
import { KeyPage, type KeyPageProps } from '../../../templates/key-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { KeydeskError } from '../../domain/errors.ts'
import { leaseUntil } from '../../domain/lease.ts'
import { ownLifetimes, ownScopes } from '../../domain/own-scopes.ts'
import { findOwnKey } from '../../services/find-own-key.ts'
import { listKeys } from '../../services/list-keys.ts'
import type { KeyRecord } from '../../storage/keys.ts'
import { accountDoneQuery, toOwnKey } from '../account-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { onceOfForm } from '../idempotency.ts'
import { pathId } from '../path-id.ts'
import { readQuery } from '../read-query.ts'
import { submitForm } from '../submit-form.ts'
import { pageQuery } from '../wire/inputs.ts'
import { newOnce, onceField } from '../wire/key-form.ts'
import { type ownKeyForm, rememberOwnKeyForm, type TypedOwnKey } from '../wire/own-key-form.ts'
import type { AccountDependencies } from './account.ts'

/** A page of keys stays under 30 KB. */
const pageSize = 15
const listQuery = z.strictObject({
  show: z.enum(['live', 'expired', 'revoked']).default('live'),
  cursor: pageQuery.shape.cursor,
})
const emptyForm: TypedOwnKey = { name: '', lifetime: '90', scopes: [] }

/** A person's own keys: which there are, making one, and what can be done about one. */
export function accountKeyRoutes(app: Hono<AppEnvironment>, dependencies: AccountDependencies): void {
  const { config, storage, account, forms, makeFrame, now } = dependencies
  const canMakeKey = config.selfServiceKeysMax > 0

  app.get('/account/keys', async (c) => {
    const { show, cursor } = readQuery(c, listQuery)
    const { user } = c.get('session')
    const at = now()
    const status = show === 'live' ? 'active' : show
    const list = { userId: user.id, status, sort: '-created_at', limit: pageSize, now: at, cursor } as const
    const { rows, nextCursor } = await listKeys(storage, list)
    const keys = rows.map((key) => toOwnKey(key, user, at))
    const canSignIn = config.providers.length > 0
    const props = { show, keys, cursor: cursor ?? '', next: nextCursor, canMakeKey, canSignIn }
    return c.html(renderPage(KeysPage({ frame: makeFrame(c), ...props })))
  })

  app.get('/account/keys/new', (c) => {
    readQuery(c, z.strictObject({}))
    return c.html(showForm(c))
  })

  app.post('/account/keys', (c) => {
    const typed = { ...emptyForm }
    const act = async ({ name, scopes, lifetime, once: onceName }: z.output<typeof ownKeyForm>) => {
      const { user } = c.get('session')
      const request = { name, scopes, lifetimeDays: lifetime }
      const onceRequest = onceOfForm(c, onceName)
      const { key, keyText } = await account.mintOwnKey(
        user.id,
        request,
        c.get('grantor'),
        c.get('origin'),
        onceRequest,
      )
      return showText(c, key, keyText, 'account')
    }
    return submitForm(c, forms, rememberOwnKeyForm(typed), act, async (_, notice) =>
      showForm(c, notice, typed),
    )
  })

  app.get('/account/keys/:id', async (c) => c.html(await showKey(c)))

  app.post('/account/keys/:id/rotate', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({ once: onceField }),
      async ({ once: onceName }) => {
        const id = pathId(c)
        const { user } = c.get('session')
        const { successor, keyText, retiring } = await account.rotateOwnKey(
          user.id,
          id,
          c.get('grantor'),
          c.get('origin'),
          onceOfForm(c, onceName),
        )
        return showText(c, successor, keyText, { inPlaceOf: id, retiresAt: retiring.retiresAt })
      },
      showKey,
    ),
  )

  app.post('/account/keys/:id/retire', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({}),
      async () => {
        const { id } = await ownKey(c)
        await account.retireKey(id, c.get('actor'), c.get('origin'))
        return `/account/keys/${id}?done=retired`
      },
      showKey,
    ),
  )

  app.post('/account/keys/:id/revoke', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({}),
      async () => {
        const { id } = await ownKey(c)
        await account.revokeKey(id, c.get('actor'), c.get('origin'))
        return `/account/keys/${id}?done=revoked`
      },
      showKey,
    ),
  )

  /** @throws KeydeskError `not_found` for what is not theirs, as for what there is not */
  function ownKey(c: Context<AppEnvironment>): Promise<KeyRecord> {
    return findOwnKey(storage, c.get('session').user.id, pathId(c))
  }

  function showForm(c: Context<AppEnvironment>, notice?: NoticeProps, typed = emptyForm): string {
    if (!canMakeKey) throw new KeydeskError('not_found', { message: 'There is nothing at this address.' })
    return renderPage(
      NewKeyPage({
        frame: makeFrame(c, notice),
        once: newOnce(),
        typed,
        lifetimes: ownLifetimes,
        scopes: ownScopes(config.selfServiceScopes, c.get('session').user),
      }),
    )
  }

  async function showKey(c: Context<AppEnvironment>, notice?: NoticeProps): Promise<string> {
    const { done } = readQuery(c, accountDoneQuery)
    const key = await ownKey(c)
    const { user } = c.get('session')
    const at = now()
    const other = async (id: string | null) => {
      const found = id === null ? null : await storage.keys.find(id)
      return found === null ? null : toOwnKey(found, user, at)
    }
    const [own, successor] = [toOwnKey(key, user, at), await other(key.successorId)]
    // A dead successor frees it, whether or not the sweep has said so yet.
    const isFreed = own.status === 'retiring' && successor !== null && isDead(successor)
    return renderPage(
      OneKeyPage({
        frame: makeFrame(c, notice ?? done),
        apiKey: isFreed ? { ...own, status: 'active' } : own,
        successor,
        predecessor: await other(key.predecessorId),
        refusals: await storage.usage.refusalsOf(key.id),
        once: newOnce(),
      }),
    )
  }

  /** The answer to the request that made a key, and to nothing else; told again, it says that the text was shown. */
  function showText(
    c: Context<AppEnvironment>,
    key: KeyRecord,
    keyText: string | null,
    made: Exclude<KeyPageProps['made'], 'sign-in'>,
  ): Response {
    const frame = makeFrame(c)
    if (keyText === null) return c.html(renderPage(MadeBeforePage({ frame, apiKey: key })), 200)
    const { user, identities } = c.get('session')
    const page = KeyPage({
      assets: frame.assets,
      requestId: frame.requestId,
      keyText,
      apiKey: { ...key, scopes: toOwnKey(key, user, frame.now).scopes },
      leaseUntil: leaseUntil({ kind: user.kind, identities }, config.keyLease),
      owner: { name: user.name, email: user.email ?? '' },
      made,
      isAdmin: frame.isAdmin,
      baseUrl: config.authBaseUrl,
      envVariable: 'KEYDESK_API_KEY',
      afterUrl: `/account/keys/${key.id}`,
    })
    return c.html(renderPage(page), 200)
  }
}

function isDead({ status }: OwnKeyDetails): boolean {
  return status === 'revoked' || status === 'expired'
}

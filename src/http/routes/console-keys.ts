import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { KeysPage } from '../../../templates/console/keys-page.tsx'
import { RevokeKeysPage } from '../../../templates/console/revoke-keys-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { KeydeskError } from '../../domain/errors.ts'
import { shownStatus } from '../../domain/key-status.ts'
import { getKey } from '../../services/get-key.ts'
import { listKeys } from '../../services/list-keys.ts'
import { ownedKeys } from '../../services/owned-keys.ts'
import type { KeysToRevoke, RevokeKeys } from '../../services/revoke-keys.ts'
import type { KeyRecord } from '../../storage/keys.ts'
import { doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { optional, several } from '../forms.ts'
import { readQuery } from '../read-query.ts'
import { submitForm } from '../submit-form.ts'
import { id, revocationReason } from '../wire/inputs.ts'
import {
  keyListFilter,
  keyListQuery,
  narrowsList,
  toListFilter,
  writeKeyFilter,
} from '../wire/key-list-query.ts'
import type { ConsoleDependencies } from './console.ts'

/** So many rows make a page of less than 30 KB. */
const rowsOnPage = 20
const shownBeforeRevoking = 8

const query = keyListQuery.safeExtend(doneQuery.shape)
const chosen = keyListFilter
  .safeExtend({ ids: several(z.array(id).max(200)) })
  .refine(({ ids, ...filter }) => ids.length > 0 !== narrowsList(filter), {
    message: 'Choose keys in the list, or narrow it by a filter and take all that it takes.',
  })
const confirmed = chosen.safeExtend({
  count: z
    .string()
    .regex(/^[0-9]{1,6}$/)
    .transform(Number),
  reason: optional(revocationReason),
})
type Chosen = z.output<typeof chosen>

/** The list of all keys, and revoking many of them. */
export function consoleKeysRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & { revokeKeys: RevokeKeys },
): void {
  const { storage, forms, makeFrame, revokeKeys, now } = dependencies

  app.get('/console/keys', async (c) => c.html(await show(c)))

  app.post('/console/keys/revoke/preview', (c) =>
    submitForm(c, forms, chosen, async (fields) => c.html(await preview(c, toKeys(fields))), show),
  )

  app.post('/console/keys/revoke', (c) => {
    let keys: KeysToRevoke | undefined
    return submitForm(
      c,
      forms,
      confirmed,
      async ({ count, reason, ...fields }) => {
        keys = toKeys(fields)
        // What was counted is what somebody said yes to.
        if ((await countOf(c, keys)) !== count) {
          throw new KeydeskError('conflict', {
            message: 'Others are to be revoked by now than when you looked. This is how it stands.',
          })
        }
        await revokeKeys(keys, { isDryRun: false, reason }, c.get('actor'), c.get('origin'))
        return '/console/keys?done=keys_revoked'
      },
      (context, notice) => (keys === undefined ? show(context, notice) : preview(context, keys, notice)),
    )
  })

  async function show(c: Context<AppEnvironment>, notice?: NoticeProps): Promise<string> {
    const { done, sort, cursor, ...filter } = readQuery(c, query)
    const { done: _, ...written } = c.req.query()
    const wanted = toListFilter(filter, now())
    const page = await listKeys(storage, { ...wanted, sort, limit: rowsOnPage, cursor })
    return renderPage(
      KeysPage({
        frame: makeFrame(c, notice ?? done),
        keys: await withOwners(page.rows),
        query: Object.fromEntries(Object.entries(written).filter(([, value]) => value !== '')),
        next: page.nextCursor,
        filter: narrowsList(filter) ? writeKeyFilter(wanted) : null,
      }),
    )
  }

  async function preview(
    c: Context<AppEnvironment>,
    keys: KeysToRevoke,
    notice: NoticeProps | null = null,
  ): Promise<string> {
    const ids = 'ids' in keys ? keys.ids : []
    return renderPage(
      RevokeKeysPage({
        frame: makeFrame(c, notice),
        count: await countOf(c, keys),
        filter: 'filter' in keys ? writeKeyFilter(keys.filter) : {},
        ids,
        keys: await withOwners(await firstOf(keys)),
      }),
    )
  }

  function countOf(c: Context<AppEnvironment>, keys: KeysToRevoke): Promise<number> {
    return revokeKeys(keys, { isDryRun: true, reason: null }, c.get('actor'), c.get('origin'))
  }

  async function firstOf(keys: KeysToRevoke): Promise<readonly KeyRecord[]> {
    if ('ids' in keys) {
      const first = await Promise.all(
        keys.ids.slice(0, shownBeforeRevoking).map((key) => getKey(storage, key)),
      )
      return first.filter(({ revokedAt }) => revokedAt === null)
    }
    const filter = { ...keys.filter, isUnrevoked: true, sort: '-created_at' as const }
    return (await listKeys(storage, { ...filter, limit: shownBeforeRevoking })).rows
  }

  async function withOwners(keys: readonly KeyRecord[]) {
    const owned = await ownedKeys(storage, keys)
    return owned.map(({ key, ...whose }) => ({ ...key, ...whose, status: shownStatus(key, now()) }))
  }

  function toKeys({ ids, ...filter }: Chosen): KeysToRevoke {
    return ids.length > 0 ? { ids: [...new Set(ids)] } : { filter: toListFilter(filter, now()) }
  }
}

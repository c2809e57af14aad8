import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { ChooseOwnerPage } from '../../../templates/console/choose-owner-page.tsx'
import { MadeKeyPage } from '../../../templates/console/made-key-page.tsx'
import { NewKeyPage } from '../../../templates/console/new-key-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { getUser } from '../../services/get-user.ts'
import { listUsers } from '../../services/list-users.ts'
import type { MintKey } from '../../services/mint-key.ts'
import { ownedKey } from '../../services/owned-keys.ts'
import { responsiblePeople, responsiblePerson } from '../../services/responsible-people.ts'
import type { AppEnvironment } from '../environment.ts'
import { onceOfForm } from '../idempotency.ts'
import { readQuery } from '../read-query.ts'
import { scopeDescriptions } from '../scope-descriptions.ts'
import { submitForm, type Typed } from '../submit-form.ts'
import { id, searchText } from '../wire/inputs.ts'
import { keyFormFields, newOnce, onceField, readKeyForm, requireExpiry } from '../wire/key-form.ts'
import type { ConsoleDependencies } from './console.ts'

const ownersMax = 20
const query = z.strictObject({ user_id: id.optional(), search: searchText.optional() })
const newKey = requireExpiry(
  z.strictObject({
    ...keyFormFields,
    expires: keyFormFields.expires.exclude(['keep']),
    user_id: id,
    once: onceField,
  }),
)
const blank = { expires: '90', rate_window: '60' }

/** Making a key for a person or a service account. */
export function consoleNewKeyRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & { mintKey: MintKey },
): void {
  const { storage, forms, makeFrame, mintKey, now } = dependencies

  app.get('/console/keys/new', async (c) => {
    const { user_id: userId, search } = readQuery(c, query)
    return c.html(userId === undefined ? await chooseOwner(c, search) : await show(c, userId))
  })

  app.post('/console/keys', (c) =>
    submitForm(
      c,
      forms,
      newKey,
      async ({ user_id: userId, once, ...fields }) => {
        const { expiresAt = null, ...facts } = readKeyForm(fields, now())
        const { key: made, keyText } = await mintKey(
          { ...facts, userId, expiresAt },
          'admin',
          c.get('grantor'),
          c.get('origin'),
          onceOfForm(c, once),
        )
        const { key, ...whose } = await ownedKey(storage, made)
        const page = MadeKeyPage({
          frame: makeFrame(c, null),
          keyText,
          apiKey: key,
          ...whose,
          retiring: null,
        })
        return c.html(renderPage(page))
      },
      (context, notice, typed) => {
        const { user_id: userId } = typed
        return userId === undefined
          ? chooseOwner(context, undefined, notice)
          : show(context, userId, notice, typed)
      },
    ),
  )

  async function show(
    c: Context<AppEnvironment>,
    userId: string,
    notice: NoticeProps | null = null,
    typed: Typed = {},
  ): Promise<string> {
    const { user } = await getUser(storage, userId)
    return renderPage(
      NewKeyPage({
        frame: makeFrame(c, notice),
        owner: user,
        responsible: await responsiblePerson(storage, user),
        scopeLimit: user.scopeLimit,
        values: { ...blank, ...typed },
        ownScopes: scopeDescriptions,
        once: newOnce(),
      }),
    )
  }

  /** Whoever is looked for, or all service accounts. */
  async function chooseOwner(
    c: Context<AppEnvironment>,
    search: string | undefined,
    notice: NoticeProps | null = null,
  ): Promise<string> {
    const kind = search === undefined ? 'service' : undefined
    const { rows, nextCursor } = await listUsers(storage, {
      status: 'active',
      kind,
      search,
      limit: ownersMax,
    })
    const responsibleFor = await responsiblePeople(storage, rows)
    return renderPage(
      ChooseOwnerPage({
        frame: makeFrame(c, notice),
        search,
        owners: rows.map((owner) => ({ owner, responsible: responsibleFor(owner) })),
        hasMore: nextCursor !== null,
      }),
    )
  }
}

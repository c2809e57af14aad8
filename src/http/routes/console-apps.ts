import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { AppsPage } from '../../../templates/console/apps-page.tsx'
import { NewAppPage } from '../../../templates/console/new-app-page.tsx'
import { OneAppPage } from '../../../templates/console/one-app-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { proofMethods } from '../../domain/app-policy.ts'
import type { AddApp } from '../../services/add-app.ts'
import type { ChangeApp } from '../../services/change-app.ts'
import { getApp } from '../../services/get-app.ts'
import { listApps } from '../../services/list-apps.ts'
import { nameParties } from '../../services/name-parties.ts'
import type { RemoveApp } from '../../services/remove-app.ts'
import { doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { pathId } from '../path-id.ts'
import { readQuery } from '../read-query.ts'
import { submitForm, type Typed } from '../submit-form.ts'
import { appFormFields, readAppForm, writeAppForm } from '../wire/app-form.ts'
import { pageQuery } from '../wire/inputs.ts'
import { versionField } from '../wire/key-form.ts'
import type { ConsoleDependencies } from './console.ts'

const path = '/console/apps'
/** So many rows make a page of less than 30 KB. */
const rowsOnPage = 20
const query = pageQuery.omit({ limit: true }).extend(doneQuery.shape)
const nothing = z.strictObject({})

/** Apps: those there are, adding, changing and removing one. */
export function consoleAppRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & {
    addApp: AddApp
    changeApp: ChangeApp
    removeApp: RemoveApp
    unknownHost: 'allow' | 'deny'
  },
): void {
  const { storage, forms, makeFrame, addApp, changeApp, removeApp, unknownHost } = dependencies

  app.get(path, async (c) => c.html(await showList(c)))

  app.get(`${path}/new`, async (c) => {
    readQuery(c, nothing)
    return c.html(await showNew(c, null, { methods: proofMethods.join(' ') }))
  })

  app.post(path, (c) =>
    submitForm(
      c,
      forms,
      z.strictObject(appFormFields),
      async (fields) => {
        await addApp(readAppForm(fields), c.get('actor'), c.get('origin'))
        return `${path}?done=app_added`
      },
      showNew,
    ),
  )

  // After `new`, which is no id.
  app.get(`${path}/:id`, async (c) => c.html(await showOne(c)))

  app.post(`${path}/:id`, (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({ version: versionField, ...appFormFields }),
      async ({ version, ...fields }) => {
        const { id } = await changeApp(
          pathId(c),
          readAppForm(fields),
          version,
          c.get('actor'),
          c.get('origin'),
        )
        return `${path}/${id}?done=app_changed`
      },
      showOne,
    ),
  )

  app.post(`${path}/:id/delete`, (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({ version: versionField }),
      async ({ version }) => {
        await removeApp(pathId(c), version, c.get('actor'), c.get('origin'))
        return `${path}?done=app_removed`
      },
      showOne,
    ),
  )

  async function showList(c: Context<AppEnvironment>): Promise<string> {
    const { done, cursor } = readQuery(c, query)
    const { rows, nextCursor } = await listApps(storage, { cursor, limit: rowsOnPage })
    const name = await nameParties(
      storage,
      rows.map(({ createdBy }) => createdBy),
    )
    return renderPage(
      AppsPage({
        frame: makeFrame(c, done),
        apps: rows.map((row) => ({ ...row, madeBy: name(row.createdBy).label })),
        unknownHost,
        query: { cursor: cursor ?? '' },
        next: nextCursor,
      }),
    )
  }

  async function showNew(
    c: Context<AppEnvironment>,
    notice: NoticeProps | null,
    typed: Typed,
  ): Promise<string> {
    return renderPage(NewAppPage({ frame: makeFrame(c, notice), values: typed }))
  }

  async function showOne(
    c: Context<AppEnvironment>,
    notice?: NoticeProps,
    typed: Typed = {},
  ): Promise<string> {
    const { done } = readQuery(c, doneQuery)
    const found = await getApp(storage, pathId(c))
    const siblings = (await storage.apps.ofHost(found.host)).filter(({ id }) => id !== found.id)
    const name = await nameParties(storage, [found.createdBy])
    // Where somebody else changed the app, what is shown is what is there now.
    const isTyped = typed.host !== undefined && typed.version === String(found.version)
    return renderPage(
      OneAppPage({
        frame: makeFrame(c, notice ?? done),
        app: { ...found, madeBy: name(found.createdBy).label },
        siblings: siblings.slice(0, siblingsShownMax),
        unknownHost,
        values: isTyped ? typed : writeAppForm(found),
      }),
    )
  }
}

/** As many as somebody reads. */
const siblingsShownMax = 20

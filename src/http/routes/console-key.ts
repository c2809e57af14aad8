import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { MadeKeyPage } from '../../../templates/console/made-key-page.tsx'
import { OneKeyPage } from '../../../templates/console/one-key-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { shownStatus } from '../../domain/key-status.ts'
import { effectiveScopes } from '../../domain/scopes.ts'
import type { ChangeKey } from '../../services/change-key.ts'
import { inspectKey } from '../../services/inspect-key.ts'
import { ownedKey } from '../../services/owned-keys.ts'
import type { RetireKey } from '../../services/retire-key.ts'
import type { RevokeKey } from '../../services/revoke-key.ts'
import type { RotateKey } from '../../services/rotate-key.ts'
import type { KeyRecord } from '../../storage/keys.ts'
import { doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { optional } from '../forms.ts'
import { onceOfForm } from '../idempotency.ts'
import { pathId } from '../path-id.ts'
import { readQuery } from '../read-query.ts'
import { scopeDescriptions } from '../scope-descriptions.ts'
import { submitForm, type Typed } from '../submit-form.ts'
import { revocationReason } from '../wire/inputs.ts'
import {
  keyFormFields,
  newOnce,
  readKeyForm,
  requireExpiry,
  rotationFields,
  versionField,
  writeKeyForm,
} from '../wire/key-form.ts'
import type { ConsoleDependencies } from './console.ts'

const changed = requireExpiry(z.strictObject({ ...keyFormFields, version: versionField }))

/** One key: everything about it, and everything that can be done with it. */
export function consoleKeyRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & {
    changeKey: ChangeKey
    rotateKey: RotateKey
    retireKey: RetireKey
    revokeKey: RevokeKey
  },
): void {
  const { storage, forms, makeFrame, changeKey, rotateKey, retireKey, revokeKey, now } = dependencies
  const pathOf = (c: Context<AppEnvironment>) => `/console/keys/${encodeURIComponent(pathId(c))}`

  app.get('/console/keys/:id', async (c) => c.html(await show(c)))

  app.post('/console/keys/:id', (c) =>
    submitForm(
      c,
      forms,
      changed,
      async ({ version, ...fields }) => {
        await changeKey(pathId(c), readKeyForm(fields, now()), version, c.get('grantor'), c.get('origin'))
        return `${pathOf(c)}?done=key_changed`
      },
      show,
    ),
  )

  app.post('/console/keys/:id/rotate', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject(rotationFields),
      async ({ once, quiet_seconds: quietSeconds, grace_seconds: graceSeconds }) => {
        const { successor, keyText, retiring } = await rotateKey(
          pathId(c),
          { quietSeconds, graceSeconds },
          c.get('grantor'),
          c.get('origin'),
          onceOfForm(c, once),
        )
        const { key, ...whose } = await ownedKey(storage, successor)
        const page = MadeKeyPage({ frame: makeFrame(c, null), keyText, apiKey: key, ...whose, retiring })
        return c.html(renderPage(page))
      },
      show,
    ),
  )

  app.post('/console/keys/:id/retire', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({}),
      async () => {
        await retireKey(pathId(c), c.get('actor'), c.get('origin'))
        return `${pathOf(c)}?done=key_retired`
      },
      show,
    ),
  )

  app.post('/console/keys/:id/revoke', (c) =>
    submitForm(
      c,
      forms,
      z.strictObject({ reason: optional(revocationReason) }),
      async ({ reason }) => {
        await revokeKey(pathId(c), c.get('actor'), c.get('origin'), { reason })
        return `${pathOf(c)}?done=key_revoked`
      },
      show,
    ),
  )

  async function show(c: Context<AppEnvironment>, notice?: NoticeProps, typed: Typed = {}): Promise<string> {
    const { done } = readQuery(c, doneQuery)
    const { key, owner, responsible, refusals, predecessor, heir } = await inspectKey(
      storage,
      pathId(c),
      now(),
    )
    const current = writeKeyForm(key)
    // What was typed into the form of a key that has changed since is gone: it was about another state.
    const values = typed.version === current.version ? { ...current, ...typed } : current
    const effective = effectiveScopes(key.scopes, owner)
    return renderPage(
      OneKeyPage({
        frame: makeFrame(c, notice ?? done),
        apiKey: shown(key),
        owner,
        responsible,
        deadScopes: key.scopes.filter((scope) => !effective.includes(scope)),
        refusals,
        predecessor: predecessor === null ? null : shown(predecessor),
        heir: heir === null ? null : shown(heir),
        values,
        ownScopes: scopeDescriptions,
        once: newOnce(),
      }),
    )
  }

  function shown(key: KeyRecord) {
    return { ...key, status: shownStatus(key, now()) }
  }
}

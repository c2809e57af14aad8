import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { AccessRulesPage } from '../../../templates/console/access-rules-page.tsx'
import { RuleChangePage, type RuleChangePageProps } from '../../../templates/console/rule-change-page.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { NoticeProps } from '../../../templates/notice.tsx'
import { admitsAnybody } from '../../domain/access-policy.ts'
import { KeydeskError } from '../../domain/errors.ts'
import type { Access, Allowlist, SettledRules } from '../../services/access-policies.ts'
import type { AddAccessRule } from '../../services/add-access-rule.ts'
import { describeAllowlist } from '../../services/describe-allowlist.ts'
import { listAccessRules } from '../../services/list-access-rules.ts'
import { nameParties } from '../../services/name-parties.ts'
import type { AccessPreview, PreviewAccessRules } from '../../services/preview-access-rules.ts'
import type { RemoveAccessRule } from '../../services/remove-access-rule.ts'
import { doneQuery } from '../console-frame.ts'
import type { AppEnvironment } from '../environment.ts'
import { optional } from '../forms.ts'
import { pathId } from '../path-id.ts'
import { readQuery } from '../read-query.ts'
import { submitForm, type Typed } from '../submit-form.ts'
import { newAccessRule, readAccessRule } from '../wire/access-rule.ts'
import { pageQuery } from '../wire/inputs.ts'
import type { ConsoleDependencies } from './console.ts'

const path = '/console/access-rules'
/** So many rows make a page of less than 30 KB. */
const rowsOnPage = 25
const query = pageQuery.omit({ limit: true }).extend(doneQuery.shape)
const ruleForm = newAccessRule.extend({ note: optional(newAccessRule.shape.note.unwrap()) })
const nothing = z.strictObject({})
/** As many of those who would be cut off as people read. */
const namedMax = 50

/** What the pages of the access rules need to know. */
export interface AccessRulePages {
  readonly access: Access
  readonly settled: SettledRules
  readonly allowlist: Allowlist | null
  readonly signUp: 'open' | 'invited'
}

/** Access rules: those there are, and making and removing one after a look at what it would do. */
export function consoleAccessRuleRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies &
    AccessRulePages & {
      addAccessRule: AddAccessRule
      removeAccessRule: RemoveAccessRule
      previewAccessRules: PreviewAccessRules
    },
): void {
  const { storage, forms, makeFrame, providers, access, settled, allowlist, signUp, now } = dependencies
  const { addAccessRule, removeAccessRule, previewAccessRules } = dependencies
  const providerIds = new Set(['google', ...providers.map(({ id }) => id)])
  const settings = [
    ...settled.rules,
    ...settled.admins.map((admin) => ({ ...admin, kind: 'admin_email' as const })),
  ].map(toProps)

  app.get(path, async (c) => c.html(await show(c)))

  app.post(`${path}/preview`, (c) =>
    submitForm(
      c,
      forms,
      ruleForm,
      async ({ note, ...written }) => {
        const rule = readAccessRule(written, providerIds)
        const preview = await previewAccessRules({ add: [rule], remove: [] }, c.get('callerId'))
        const fields = { ...rule, note: note ?? '' }
        return c.html(changePage(c, { change: 'add', rule: toProps(rule), action: path, fields }, preview))
      },
      show,
    ),
  )

  app.post(path, (c) =>
    submitForm(
      c,
      forms,
      ruleForm,
      async ({ note, ...written }) => {
        await addAccessRule(readAccessRule(written, providerIds), note, c.get('actor'), c.get('origin'))
        return `${path}?done=rule_added`
      },
      show,
    ),
  )

  app.get(`${path}/:id/remove`, async (c) => {
    readQuery(c, nothing)
    const id = pathId(c)
    const rule = await storage.accessRules.find(id)
    if (rule === null)
      throw new KeydeskError('not_found', { message: 'No rule of the database has this id.' })
    const preview = await previewAccessRules({ add: [], remove: [id] }, c.get('callerId'))
    const action = `${path}/${id}/remove`
    return c.html(changePage(c, { change: 'remove', rule: toProps(rule), action, fields: {} }, preview))
  })

  app.post(`${path}/:id/remove`, (c) =>
    submitForm(
      c,
      forms,
      nothing,
      async () => {
        await removeAccessRule(pathId(c), c.get('actor'), c.get('origin'))
        return `${path}?done=rule_removed`
      },
      show,
    ),
  )

  function changePage(
    c: Context<AppEnvironment>,
    change: Pick<RuleChangePageProps, 'change' | 'rule' | 'action' | 'fields'>,
    preview: AccessPreview,
  ): string {
    const cutOff = preview.cutOff.slice(0, namedMax).map(({ user: { id, name, email }, activeKeys }) => ({
      id,
      label: name ?? email ?? id,
      email,
      activeKeys,
    }))
    return renderPage(RuleChangePage({ frame: makeFrame(c, null), ...change, ...preview, cutOff }))
  }

  async function show(c: Context<AppEnvironment>, notice?: NoticeProps, typed: Typed = {}): Promise<string> {
    const { done, ...page } = readQuery(c, query)
    const { rows, nextCursor } = await listAccessRules(storage, { ...page, limit: rowsOnPage })
    const name = await nameParties(
      storage,
      rows.map(({ createdBy }) => createdBy),
    )
    return renderPage(
      AccessRulesPage({
        frame: makeFrame(c, notice ?? done),
        rules: rows.map((rule) => ({ ...rule, ...toProps(rule), madeBy: name(rule.createdBy).label })),
        settings,
        allowlist: allowlist === null ? null : await describeAllowlist(storage, allowlist, now()),
        signUp,
        admitsAnybody: admitsAnybody((await access.fresh()).forSignIn()),
        providers,
        typed,
        query: { cursor: page.cursor ?? '' },
        next: nextCursor,
      }),
    )
  }

  function toProps<Kind extends string>(rule: { kind: Kind; provider: string; value: string }) {
    const { kind, provider, value } = rule
    const label = providers.find(({ id }) => id === provider)?.label ?? provider
    return { kind, provider: provider === '*' ? null : label, value }
  }
}

import { z } from '@hono/zod-openapi'
import type { AccessRule, AccessRuleKind } from '../../domain/access-policy.ts'
import { KeydeskError } from '../../domain/errors.ts'
import { parseRuleValue } from '../../domain/rule-text.ts'
import { isStorableText } from '../../domain/storable-text.ts'
import type { AccessPreview } from '../../services/preview-access-rules.ts'
import type { StoredAccessRule } from '../../storage/access-rules.ts'
import type { User } from '../../storage/users.ts'
import { providerId } from './inputs.ts'

const kinds = ['allow_domain', 'allow_email', 'deny_email'] as const satisfies AccessRuleKind[]

const ruleShape = {
  kind: z.enum(kinds),
  provider: z
    .union([providerId, z.literal('*')])
    .optional()
    .openapi({ description: 'Default: `google`; of a deny rule `*`, which is every provider.' }),
  value: z.string().max(300).openapi({ description: 'A domain or an email address.' }),
}

/** A rule as it is written: the value is read into the form in which it is compared. */
export const newAccessRule = z.strictObject({
  ...ruleShape,
  note: z
    .string()
    .trim()
    .max(500)
    .refine(isStorableText, 'holds characters that cannot be stored')
    .optional(),
})

export const accessRuleInput = z.strictObject(ruleShape)

/** @throws KeydeskError `invalid_request` naming the field */
export function readAccessRule(
  { kind, provider, value: text }: z.output<typeof accessRuleInput>,
  providerIds: ReadonlySet<string>,
): AccessRule {
  const value = parseRuleValue(kind, text.trim())
  if (value === null) {
    throw wrong(
      kind === 'allow_domain'
        ? 'value: is not a domain such as example.com (no wildcard, no @; the provider goes into the field provider)'
        : 'value: is not an email address that can be used here (no wildcard; the provider goes into the field provider)',
    )
  }
  if (provider === '*' && kind !== 'deny_email')
    throw wrong('provider: an allow rule is for one provider; * is for deny rules')
  const named = provider ?? (kind === 'deny_email' ? '*' : 'google')
  if (named !== '*' && !providerIds.has(named)) throw wrong('provider: no provider has this id here')
  return { kind, provider: named, value }
}

function wrong(message: string): KeydeskError {
  return new KeydeskError('invalid_request', { message })
}

export const wireAccessRule = z
  .object({
    id: z.string(),
    kind: z.enum(kinds),
    provider: z.string(),
    value: z.string(),
    note: z.string().nullable(),
    created_by: z.string(),
    created_at: z.iso.datetime(),
  })
  .openapi('AccessRule')

export function toWireAccessRule(rule: StoredAccessRule): z.output<typeof wireAccessRule> {
  const { id, kind, provider, value, note, createdBy, createdAt } = rule
  return { id, kind, provider, value, note, created_by: createdBy, created_at: createdAt.toISOString() }
}

/** A rule of the settings: only whoever runs Keydesk can change it. */
export const wireSettledRule = z.object({
  kind: z.enum([...kinds, 'admin_email']),
  provider: z.string(),
  value: z.string(),
})

export const wireAllowlist = z.object({
  fetched_at: z.iso.datetime().nullable(),
  is_stale: z.boolean().openapi({ description: 'Nobody signs in by a stale list.' }),
  domains: z.int(),
  emails: z.int(),
})

export const wirePreview = z
  .object({
    users_cut_off: z.int(),
    active_keys_cut_off: z.int(),
    users_let_in: z.int(),
    includes_caller: z.boolean(),
    cut_off: z
      .array(
        z.object({
          id: z.string(),
          email: z.string().nullable(),
          name: z.string().nullable(),
          role: z.enum(['member', 'admin']),
          active_keys: z.int(),
        }),
      )
      .openapi({ description: 'The first hundred of them.' }),
  })
  .openapi('AccessPreview')

export function toWirePreview(preview: AccessPreview): z.output<typeof wirePreview> {
  const named = ({ user, activeKeys }: { user: User; activeKeys: number }) => {
    const { id, email, name, role } = user
    return { id, email, name, role, active_keys: activeKeys }
  }
  return {
    users_cut_off: preview.usersCutOff,
    active_keys_cut_off: preview.keysCutOff,
    users_let_in: preview.usersLetIn,
    includes_caller: preview.includesCaller,
    cut_off: preview.cutOff.map(named),
  }
}

import type { AccessRule } from '../domain/access-policy.ts'
import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import type { StoredAccessRule } from '../storage/access-rules.ts'
import type { Storage } from '../storage/storage.ts'

export type AddAccessRule = ReturnType<typeof createAddAccessRule>

/**
 * Adds a rule, and answers when every replica judges by it.
 * @throws KeydeskError `conflict` where the rule is there already.
 */
export function createAddAccessRule(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function addAccessRule(
    { kind, provider, value }: AccessRule,
    note: string | null,
    actor: Actor,
    origin: Origin,
  ): Promise<StoredAccessRule> {
    const rule: StoredAccessRule = {
      id: `rul_${randomText(16)}`,
      kind,
      provider,
      value,
      note,
      createdBy: actor,
      createdAt: now(),
    }
    const event = ruleEvent('access_rule.created', rule, rule.createdAt, actor, origin)
    const landed = await storage.atomically((tx) => [
      storage.accessRules.insert(tx, rule),
      ...storage.audit.record(tx, event),
    ])
    if (!landed) throw new KeydeskError('conflict', { message: 'This rule is there already.' })
    await storage.confirmChanges()
    return rule
  }
}

/** An address is a person's, and so a detail that can be erased; a domain is a fact. */
export function ruleEvent(
  action: 'access_rule.created' | 'access_rule.deleted',
  { id, kind, provider, value }: StoredAccessRule,
  at: Date,
  actor: Actor,
  origin: Origin,
) {
  const isDomain = kind === 'allow_domain'
  return auditEvent({
    at,
    action,
    actor,
    target: `rule:${id}`,
    facts: { kind, provider, ...(isDomain ? { domain: value } : {}) },
    email: isDomain ? null : value,
    origin,
  })
}

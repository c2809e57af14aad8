import type { Actor, Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { ruleEvent } from './add-access-rule.ts'

export type RemoveAccessRule = ReturnType<typeof createRemoveAccessRule>

/** Removes a rule of the database, and answers when no replica judges by it any more. @throws KeydeskError `not_found` */
export function createRemoveAccessRule(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function removeAccessRule(id: string, actor: Actor, origin: Origin): Promise<void> {
    const rule = await storage.accessRules.find(id)
    if (rule === null) throw notFound()
    const event = ruleEvent('access_rule.deleted', rule, now(), actor, origin)
    const landed = await storage.atomically((tx) => [
      { statement: storage.accessRules.remove(tx, id), rows: 1 },
      ...storage.audit.record(tx, event),
    ])
    if (!landed) throw notFound()
    await storage.confirmChanges()
  }
}

function notFound(): KeydeskError {
  return new KeydeskError('not_found', { message: 'No rule of the database has this id.' })
}

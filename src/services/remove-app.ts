import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import type { Storage } from '../storage/storage.ts'
import { appFacts, othersWrite } from './add-app.ts'
import { getApp } from './get-app.ts'
import { requireVersion } from './require-version.ts'

export type RemoveApp = ReturnType<typeof createRemoveApp>

const triesMax = 3

/**
 * Removes an app, and answers when no replica judges by it any more. Its host may be an unknown one then. `version` is the
 * one that the caller has seen; null takes any.
 * @throws KeydeskError `not_found`, `precondition_failed`, `conflict` where others keep changing it
 */
export function createRemoveApp(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function removeApp(
    id: string,
    version: number | null,
    actor: Actor,
    origin: Origin,
  ): Promise<void> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const app = await getApp(storage, id)
      requireVersion(app, version)
      const event = auditEvent({
        at: now(),
        action: 'app.deleted',
        actor,
        target: `app:${id}`,
        facts: appFacts(app),
        origin,
      })
      const landed = await storage.atomically((tx) => [
        { statement: storage.apps.remove(tx, app), rows: 1 },
        ...storage.audit.record(tx, event),
      ])
      if (landed) {
        await storage.confirmChanges()
        return
      }
    }
    throw othersWrite()
  }
}

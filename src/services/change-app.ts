import { isDeepStrictEqual } from 'node:util'
import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import type { App } from '../storage/apps.ts'
import type { Storage } from '../storage/storage.ts'
import { type AppInput, appFacts, othersWrite, requireOwnPaths, requireReachable } from './add-app.ts'
import { getApp } from './get-app.ts'
import { requireVersion } from './require-version.ts'

/** What is not given stays as it is. */
export type AppChange = { readonly [Member in keyof AppInput]?: AppInput[Member] | undefined }

export type ChangeApp = ReturnType<typeof createChangeApp>

const triesMax = 3
/** Each as the API names it. */
const changeable = {
  host: 'host',
  pathPrefixes: 'path_prefixes',
  groups: 'groups',
  roles: 'roles',
  scopes: 'scopes',
  methods: 'methods',
  note: 'note',
} as const satisfies Record<keyof AppInput, string>

/**
 * Changes what an app says, and answers when no replica judges by what was before. `version` is the one that the caller has
 * seen; null takes any.
 * @throws KeydeskError `not_found`, `precondition_failed`, `invalid_request` where nobody could reach it, `conflict` where
 * another app is about the same path of the host
 */
export function createChangeApp(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function changeApp(
    id: string,
    change: AppChange,
    version: number | null,
    actor: Actor,
    origin: Origin,
  ): Promise<App> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      const before = await getApp(storage, id)
      requireVersion(before, version)
      const { after, changed } = apply(before, change, now())
      if (changed.length === 0) {
        // Whoever asked the same before may not have been answered yet.
        await storage.confirmChanges()
        return before
      }
      requireReachable(after)
      const others = (await storage.apps.ofHost(after.host)).filter((app) => app.id !== id)
      requireOwnPaths(after, others)
      const event = auditEvent({
        at: after.updatedAt,
        action: 'app.updated',
        actor,
        target: `app:${id}`,
        facts: {
          changed: changed.map((name) => changeable[name]),
          before: appFacts(before),
          after: appFacts(after),
        },
        origin,
      })
      const landed = await storage.atomically((tx) => [
        { statement: storage.apps.update(tx, after), rows: 1 },
        { statement: storage.apps.requireOfHost(tx, after.host), rows: others.length + 1 },
        ...storage.audit.record(tx, event),
      ])
      if (landed) {
        await storage.confirmChanges()
        return { ...after, version: after.version + 1 }
      }
    }
    throw othersWrite()
  }
}

function apply(before: App, change: AppChange, at: Date) {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const after: App = { ...before, ...given, updatedAt: at }
  const members = Object.keys(changeable) as (keyof typeof changeable)[]
  return { after, changed: members.filter((name) => !isDeepStrictEqual(before[name], after[name])) }
}

import { type AppPolicy, sharedPrefix } from '../domain/app-policy.ts'
import { type Actor, auditEvent, type Origin } from '../domain/audit-event.ts'
import { KeydeskError } from '../domain/errors.ts'
import { randomText } from '../domain/random-text.ts'
import type { App } from '../storage/apps.ts'
import type { Storage } from '../storage/storage.ts'

/** What an admin says of an app; each list without repetitions, hosts and paths in the form in which they are compared. */
export type AppInput = Pick<App, 'host' | 'pathPrefixes' | 'groups' | 'roles' | 'scopes' | 'methods' | 'note'>

export type AddApp = ReturnType<typeof createAddApp>

const triesMax = 3

/**
 * Adds an app, and answers when every replica judges by it.
 * @throws KeydeskError `invalid_request` where nobody could reach it, `conflict` where another app is about the same path of the host.
 */
export function createAddApp(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function addApp(input: AppInput, actor: Actor, origin: Origin): Promise<App> {
    for (let attempt = 1; attempt <= triesMax; attempt += 1) {
      requireReachable(input)
      const others = await storage.apps.ofHost(input.host)
      requireOwnPaths(input, others)
      const at = now()
      const made = { createdBy: actor, createdAt: at, updatedAt: at }
      const app: App = { id: `app_${randomText(16)}`, ...input, version: 1, ...made }
      const target = `app:${app.id}`
      const event = auditEvent({ at, action: 'app.created', actor, target, facts: appFacts(app), origin })
      const landed = await storage.atomically((tx) => [
        storage.apps.insert(tx, app),
        { statement: storage.apps.requireOfHost(tx, app.host), rows: others.length + 1 },
        ...storage.audit.record(tx, event),
      ])
      if (landed) {
        await storage.confirmChanges()
        return app
      }
    }
    throw othersWrite()
  }
}

/** What an app says, without the note, which may name people. */
export function appFacts(app: AppPolicy): Record<string, unknown> {
  const { host, pathPrefixes, groups, roles, scopes, methods } = app
  return { host, path_prefixes: pathPrefixes, groups, roles, scopes, methods }
}

/** @throws KeydeskError `invalid_request` for an app that nobody could reach */
export function requireReachable({ methods, scopes }: AppPolicy): void {
  if (scopes.length === 0 || methods.some((method) => method !== 'session')) return
  throw new KeydeskError('invalid_request', {
    message: 'scopes: a session carries none, so nobody could come in. Allow key or jwt, or ask for groups.',
  })
}

/** @throws KeydeskError `conflict` naming the other app */
export function requireOwnPaths(app: AppPolicy, others: readonly App[]): void {
  for (const other of others) {
    const prefix = sharedPrefix(app, other)
    if (prefix === null) continue
    const what = prefix === '/' ? `the whole of ${app.host}` : `${prefix} of ${app.host}`
    throw new KeydeskError('conflict', {
      message: `The app ${other.id} is about ${what} already. Change that one, or name other paths.`,
    })
  }
}

/** Somebody else keeps changing the apps of this host. */
export function othersWrite(): KeydeskError {
  return new KeydeskError('conflict', {
    message: 'Others changed the apps of this host at the same time. Try again.',
  })
}

import { hostName } from '../domain/app-host.ts'
import { type AppCaller, type AppJudgement, judgeApp } from '../domain/app-policy.ts'
import { type App, appsChange } from '../storage/apps.ts'
import type { Storage } from '../storage/storage.ts'
import { type CurrentReading, createCurrentReading } from './current-reading.ts'

/** The apps as they were when they were read. */
export interface Apps {
  /** Those of exactly this host, in the form of `normalHost`. */
  ofHost(host: string): readonly App[]
  /**
   * Whether they let somebody reach a path. Proxies pick their server by the name and pass on the port that the client wrote:
   * so a name that has apps, but none at this port, is refused as `unknown_port` and never as an unknown host.
   */
  judge(host: string, path: string, caller: AppCaller): AppJudgement
}

export type FindApps = CurrentReading<Apps>

/** Remembers the apps, and reads them again when an admin has changed one. */
export function createFindApps({ storage }: { storage: Storage }): FindApps {
  return createCurrentReading({
    storage,
    change: appsChange,
    read: async () => arrange(await storage.apps.all()),
    tooFast: 'The apps change too fast. Try again.',
  })
}

function arrange(all: readonly App[]): Apps {
  const byHost = new Map<string, App[]>()
  for (const app of all) byHost.set(app.host, [...(byHost.get(app.host) ?? []), app])
  const names = new Set(all.map(({ host }) => hostName(host)))
  const ofHost = (host: string) => byHost.get(host) ?? []
  return {
    ofHost,
    judge(host, path, caller) {
      const judgement = judgeApp(ofHost(host), path, caller)
      return judgement === 'unknown_host' && names.has(hostName(host)) ? 'unknown_port' : judgement
    },
  }
}

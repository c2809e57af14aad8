import { isAmbiguousPath, isBelow, pathReadings, readLeniently } from './app-path.ts'

/** How somebody proves who they are to a proxy. */
export const proofMethods = ['session', 'key', 'jwt'] as const
export type ProofMethod = (typeof proofMethods)[number]

/** Who may reach an app, or a part of it, through a proxy. */
export interface AppPolicy {
  /** In lower case, without a trailing dot and without the port of its scheme. */
  readonly host: string
  /** What it is about: these paths and what is below them. None: the whole host. */
  readonly pathPrefixes: readonly string[]
  /** Who comes in is in one of these groups; none: it does not matter. */
  readonly groups: readonly string[]
  /** The same for roles. */
  readonly roles: readonly string[]
  /** What a key or a JWT has to carry, each of them. A session carries no scopes. */
  readonly scopes: readonly string[]
  /** By what somebody may prove who they are. */
  readonly methods: readonly ProofMethod[]
}

/** Who asks for a path, and by what they proved who they are. */
export interface AppCaller {
  readonly role: string
  readonly groups: readonly string[]
  /** What counts now. A session has none. */
  readonly scopes: readonly string[]
  readonly method: ProofMethod
}

export type AppJudgement =
  | 'allowed'
  /** No app is about this host: `UNKNOWN_HOST` decides. */
  | 'unknown_host'
  /** All that follow are refusals. */
  | 'unknown_port'
  | 'ambiguous_path'
  | 'no_app_for_path'
  | 'method'
  | 'role'
  | 'group'
  | 'scope'

/**
 * Whether the apps of a host let somebody reach a path, raw and without its query. The longest prefix decides; where several
 * apps have it, each of them has to allow it.
 */
export function judgeApp(apps: readonly AppPolicy[], path: string, caller: AppCaller): AppJudgement {
  if (apps.length === 0) return 'unknown_host'
  const deciding = apps.some(({ pathPrefixes }) => pathPrefixes.length > 0) ? decidingApps(apps, path) : apps
  if (deciding === null) return 'ambiguous_path'
  if (deciding.length === 0) return 'no_app_for_path'
  for (const app of deciding) {
    const refusal = refusalBy(app, caller)
    if (refusal !== null) return refusal
  }
  return 'allowed'
}

function refusalBy(app: AppPolicy, caller: AppCaller): AppJudgement | null {
  if (!app.methods.includes(caller.method)) return 'method'
  if (app.roles.length > 0 && !app.roles.includes(caller.role)) return 'role'
  if (app.groups.length > 0 && !app.groups.some((group) => caller.groups.includes(group))) return 'group'
  return app.scopes.every((scope) => caller.scopes.includes(scope)) ? null : 'scope'
}

/** Null where it depends on how the app behind reads the path. */
function decidingApps(apps: readonly AppPolicy[], path: string): readonly AppPolicy[] | null {
  if (isAmbiguousPath(path)) return null
  const [asItCame = [], ...others] = pathReadings.map((read) => longestMatches(apps, path, read))
  const isSame = (matches: readonly AppPolicy[]) =>
    matches.length === asItCame.length && matches.every((app, at) => app === asItCame[at])
  return others.every(isSame) ? asItCame : null
}

function longestMatches(
  apps: readonly AppPolicy[],
  path: string,
  read: (path: string) => string,
): readonly AppPolicy[] {
  const asked = read(path)
  const lengthOf = ({ pathPrefixes }: AppPolicy) =>
    pathPrefixes.length === 0
      ? wholeHostLength
      : Math.max(...pathPrefixes.map(read).map((prefix) => (isBelow(asked, prefix) ? prefix.length : -1)))
  const lengths = apps.map(lengthOf)
  const longest = Math.max(...lengths)
  return longest < 0 ? [] : apps.filter((_, at) => lengths[at] === longest)
}

/**
 * A path that two apps of a host are both about by name, so that neither is nearer to it; null where there is none. What
 * differs in case alone counts as the same, because a path of it would be ambiguous.
 */
export function sharedPrefix(one: AppPolicy, other: AppPolicy): string | null {
  const named = ({ pathPrefixes }: AppPolicy) => (pathPrefixes.length === 0 ? ['/'] : pathPrefixes)
  const taken = new Set(named(other).map(readLeniently))
  return named(one).find((prefix) => taken.has(readLeniently(prefix))) ?? null
}

/** An app of the whole host is one of the prefix `/`. */
const wholeHostLength = '/'.length

import { existsSync, readFileSync } from 'node:fs'
import { type ProviderSettings, readProviders } from './provider-settings.ts'
import { contradictions, googleProvider } from './setting-contradictions.ts'
import { databaseUrl, loopbackHosts, masterKeyHint } from './setting-kinds.ts'
import { environmentName, type Settings, settings } from './settings.ts'

/** Every setting, read once. The name of each member is the setting's name in camel case. */
export type Config = Readonly<Settings> & {
  /** Whether AUTH_BASE_URL is on loopback: a machine of one's own, where sign-in is open without rules. */
  readonly isLoopback: boolean
  /** Who signs people in: Google first, then the others by id. Empty: sign-in is off. */
  readonly providers: readonly ProviderSettings[]
  /** Whether any verified account may come in where no rule is set. */
  readonly admitsAnybody: boolean
  /** UV_THREADPOOL_SIZE, which libuv reads by itself before we run. */
  readonly threadPoolSize: number
}

/** What is wrong with the settings, all of it at once, by name and with the fix. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(
      `Keydesk cannot start: ${problems.length === 1 ? 'one setting is' : 'some settings are'} not right.`,
    )
    this.problems = problems
  }
}

const requiredHints: Record<string, string> = {
  AUTH_BASE_URL: 'for example https://keys.example.com, or http://localhost:3000 on your own machine',
  PROXY_MASTER_KEY: masterKeyHint,
}
const secretNames: ReadonlySet<string> = new Set([
  'PROXY_MASTER_KEY',
  'PROXY_MASTER_KEY_PREVIOUS',
  'GOOGLE_CLIENT_SECRET',
  'DATABASE_URL',
  'DATABASE_LISTEN_URL',
  'METRICS_TOKEN',
  'ALLOWLIST_TOKEN',
])

/** The names of all settings, as the environment spells them. */
export const settingNames: readonly string[] = Object.keys(settings.shape).map(environmentName)

/**
 * Reads every setting from the environment and, for what is not set there, from a `.env` file in the working directory.
 * @throws SettingsError with all problems in one list.
 */
export function readConfig(environment: NodeJS.ProcessEnv = withEnvFile()): Config {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  // One by one, so that a wrong value hides neither the others nor what contradicts what.
  for (const [member, schema] of Object.entries(settings.shape)) {
    const name = environmentName(member)
    const text = readSetting(name, environment, problems)
    const parsed = schema.safeParse(text)
    if (parsed.success) values[member] = parsed.data
    else if (text === undefined) problems.push(`${name}: is required; ${requiredHints[name]}`)
    else problems.push(...parsed.error.issues.map((issue) => `${name}: ${issue.message}`))
  }
  const others = readProviders(environment, (name) => readSetting(name, environment, problems), problems)
  // Guarantee: every member was parsed by its own schema, or there is a problem.
  const known = values as Settings
  problems.push(...contradictions(known, others))
  if (problems.length > 0) throw new SettingsError(problems)
  const isLoopback = loopbackHosts.has(new URL(known.authBaseUrl).hostname)
  const hasOtherGate = known.signUp === 'invited' || known.allowlistUrl !== undefined
  return {
    ...known,
    providers: [...googleProvider(known), ...others],
    isLoopback,
    admitsAnybody: !hasOtherGate && (known.dangerouslyAllowAnyAccount || isLoopback),
    threadPoolSize: Number(environment.UV_THREADPOOL_SIZE) || 4,
  }
}

/**
 * DATABASE_URL alone, as `readConfig` would read it: for commands that need no other setting. Undefined where it is not set.
 * @throws SettingsError
 */
export function readDatabaseUrl(environment: NodeJS.ProcessEnv = withEnvFile()): string | undefined {
  const problems: string[] = []
  const text = readSetting('DATABASE_URL', environment, problems)
  const parsed = databaseUrl.optional().safeParse(text)
  problems.push(...(parsed.error?.issues ?? []).map(({ message }) => `DATABASE_URL: ${message}`))
  if (problems.length > 0) throw new SettingsError(problems)
  return parsed.data
}

function readSetting(name: string, environment: NodeJS.ProcessEnv, problems: string[]): string | undefined {
  const direct = environment[name]
  const isSecret = secretNames.has(name) || /^PROVIDER_.+_CLIENT_SECRET$/.test(name)
  const file = isSecret ? environment[`${name}_FILE`] : undefined
  // An empty value means "not set": that is how compose files and .env files leave something out.
  if (file === undefined || file === '') return direct === '' ? undefined : direct
  if (direct !== undefined && direct !== '') {
    problems.push(`${name}: set both directly and by ${name}_FILE; keep one of them`)
    return direct
  }
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    problems.push(`${name}_FILE: the file cannot be read; check its path and its permissions`)
    return undefined
  }
}

function withEnvFile(): NodeJS.ProcessEnv {
  // loadEnvFile leaves alone what the environment already has.
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { type AddressRange, parseRange } from './domain/client-address.ts'
import { isReservedScope, isScope } from './domain/scopes.ts'
import { isSampleSecret, type ProviderSettings, readProviders } from './provider-settings.ts'
import {
  allowedDomains,
  allowedEmails,
  baseUrl,
  boundedInteger,
  contact,
  cookieDomain,
  databaseUrl,
  deniedEmails,
  duration,
  flag,
  foreignSecret,
  issuer,
  list,
  listUrl,
  loopbackHosts,
  masterKeyHint,
  optionalText,
  postgresUrl,
  rateLimit,
  returnOrigins,
  secret,
  shortDuration,
} from './setting-kinds.ts'

/** Every setting, read once. The name of each member is the setting's name in camel case. */
export type Config = Readonly<z.output<typeof settings>> & {
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

const day = 86_400

/** The settings by name; the defaults are those of the README table. */
const settings = z.object({
  port: boundedInteger(0, 65_535).default(3000),
  host: z.string().min(1).default('0.0.0.0'),
  authBaseUrl: baseUrl,
  proxyMasterKey: secret(32, masterKeyHint),
  proxyMasterKeyPrevious: secret(32, 'give the former value, or remove it').optional(),
  databaseUrl: databaseUrl.default('file:./data/keydesk.db'),
  databaseListenUrl: postgresUrl.optional(),
  databasePoolSize: boundedInteger(4, 1000).default(10),
  databaseConnectTimeout: shortDuration
    .refine((ms) => ms >= 50 && ms <= 60_000, 'must be between 50ms and 1m')
    .default(500),
  databaseStatementTimeout: shortDuration
    .refine((ms) => ms >= 50 && ms <= 60_000, 'must be between 50ms and 1m')
    .default(1500),
  googleClientId: optionalText,
  googleClientSecret: optionalText,
  googleIssuer: issuer.default('https://accounts.google.com'),
  allowedDomains: allowedDomains.default([]),
  allowedEmails: allowedEmails.default([]),
  deniedEmails: deniedEmails.default([]),
  adminEmails: allowedEmails.default([]),
  signUp: z.enum(['open', 'invited'], 'must be open or invited').default('open'),
  invitationTtl: duration.refine((seconds) => seconds <= 90 * day, 'must be at most 90d').default(7 * day),
  adminContact: contact.optional(),
  allowlistUrl: listUrl.optional(),
  allowlistToken: foreignSecret.optional(),
  allowlistInterval: duration.refine((seconds) => seconds <= 3600, 'must be between 1s and 1h').default(60),
  allowlistStaleMax: duration.refine((seconds) => seconds <= 30 * day, 'must be at most 30d').default(3600),
  sessionIdle: duration.refine((seconds) => seconds <= 400 * day, 'must be at most 400d').default(8 * 3600),
  sessionMax: duration.refine((seconds) => seconds <= 400 * day, 'must be at most 400d').default(7 * day),
  cookieDomain: cookieDomain.optional(),
  returnToOrigins: returnOrigins.default([]),
  keyLease: z
    .union([z.literal('off').transform(() => null), duration], 'must be off, or a duration such as 30d')
    .default(null),
  dangerouslyAllowAnyAccount: flag.default(false),
  apiKeyPrefix: z
    .string()
    .regex(/^[a-z]{2,10}$/, 'must be 2 to 10 lower-case letters')
    .default('kd'),
  ssoKeyTtl: z
    .union([z.literal('never').transform(() => null), duration], 'must be never, or a duration such as 30d')
    .default(null),
  ssoKeyScopes: list('a scope, or it is a reserved one (keydesk:…)', (text) =>
    isScope(text) && !isReservedScope(text) ? text : null,
  ).default([]),
  ssoKeysMax: boundedInteger(1, 1000).default(20),
  stateTtl: duration.refine((seconds) => seconds <= 3600, 'must be at most 1h').default(600),
  providerTimeout: duration.refine((seconds) => seconds <= 30, 'must be at most 30s').default(10),
  argon2MemoryKib: boundedInteger(8, 4_194_304).default(19_456),
  argon2TimeCost: boundedInteger(1, 100).default(2),
  argon2Parallelism: boundedInteger(1, 255).default(1),
  argon2Concurrency: boundedInteger(1, 128).default(Math.max(1, availableParallelism() - 1)),
  argon2QueueMax: boundedInteger(1, 1_000_000).default(1024),
  argon2QueueTimeout: duration.refine((seconds) => seconds <= 300, 'must be at most 5m').default(30),
  verifiedKeysMax: boundedInteger(1, 10_000_000).default(50_000),
  usageFlushInterval: duration.refine((seconds) => seconds <= 3600, 'must be at most 1h').default(5),
  keyRateLimit: rateLimit.default(null),
  failureRateLimit: rateLimit.default({ limit: 1200, window_seconds: 60 }),
  authRateLimit: rateLimit.default({ limit: 1200, window_seconds: 60 }),
  trustedProxies: list<AddressRange>('an address or a CIDR range', parseRange).default(
    [parseRange('127.0.0.0/8'), parseRange('::1/128')].filter((range) => range !== null),
  ),
  metricsToken: secret(16, 'make one with: openssl rand -hex 32').optional(),
  metricsPort: boundedInteger(1, 65_535).optional(),
  shutdownDelay: z
    .union([z.literal('0').transform(() => 0), duration], 'must be 0, or a duration such as 10s')
    .refine((seconds) => seconds <= 300, 'must be at most 5m')
    .default(0),
  logLevel: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    )
    .default('info'),
})

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
  const known = values as z.output<typeof settings>
  problems.push(...contradictions(known), ...wrongDomain(known), ...unknownProviders(known, others))
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

function contradictions(values: Partial<z.output<typeof settings>>): string[] {
  const problems: string[] = []
  if (
    values.googleClientId !== undefined &&
    values.googleClientId !== '' &&
    values.googleClientSecret === ''
  ) {
    problems.push(
      'GOOGLE_CLIENT_SECRET: is required when GOOGLE_CLIENT_ID is set; copy it from the OAuth client',
    )
  }
  if (isSampleSecret(values.googleClientSecret ?? '')) {
    problems.push('GOOGLE_CLIENT_SECRET: looks like a sample value; copy it from the OAuth client')
  }
  if (
    values.proxyMasterKeyPrevious !== undefined &&
    values.proxyMasterKeyPrevious === values.proxyMasterKey
  ) {
    problems.push('PROXY_MASTER_KEY_PREVIOUS: is the same as PROXY_MASTER_KEY; remove it')
  }
  if (values.metricsToken !== undefined && values.metricsToken === values.proxyMasterKey) {
    problems.push('METRICS_TOKEN: is the master key; make one of its own with: openssl rand -hex 32')
  }
  if (values.databaseListenUrl !== undefined && values.databaseUrl?.startsWith('file:')) {
    problems.push('DATABASE_LISTEN_URL: is for Postgres, and DATABASE_URL is a file; remove it')
  }
  if (values.metricsPort !== undefined && values.metricsPort === values.port) {
    problems.push('METRICS_PORT: is the same as PORT; choose another')
  }
  const { argon2MemoryKib, argon2Parallelism } = values
  if (argon2MemoryKib !== undefined && argon2MemoryKib < 8 * (argon2Parallelism ?? 1)) {
    problems.push('ARGON2_MEMORY_KIB: must be at least 8 times ARGON2_PARALLELISM')
  }
  const rules = (values.allowedDomains?.length ?? 0) + (values.allowedEmails?.length ?? 0)
  if (values.dangerouslyAllowAnyAccount && rules > 0) {
    problems.push(
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT: contradicts ALLOWED_DOMAINS and ALLOWED_EMAILS; keep either it or them',
    )
  }
  if (
    values.dangerouslyAllowAnyAccount &&
    (values.signUp === 'invited' || values.allowlistUrl !== undefined)
  ) {
    problems.push('DANGEROUSLY_ALLOW_ANY_ACCOUNT: contradicts SIGN_UP=invited and ALLOWLIST_URL; remove it')
  }
  if (values.allowlistToken !== undefined && values.allowlistUrl === undefined) {
    problems.push('ALLOWLIST_TOKEN: is for ALLOWLIST_URL, which is not set; set that too, or remove it')
  }
  if ((values.allowlistStaleMax ?? 0) < (values.allowlistInterval ?? 0)) {
    problems.push('ALLOWLIST_STALE_MAX: is shorter than ALLOWLIST_INTERVAL, so that nobody could sign in')
  }
  return problems
}

/** A browser takes a cookie for a domain only from a host in that domain. */
function wrongDomain({ cookieDomain, authBaseUrl }: Partial<z.output<typeof settings>>): string[] {
  if (cookieDomain === undefined || authBaseUrl === undefined) return []
  const { hostname } = new URL(authBaseUrl)
  return hostname === cookieDomain || hostname.endsWith(`.${cookieDomain}`)
    ? []
    : [`COOKIE_DOMAIN: ${hostname}, the host of AUTH_BASE_URL, is not in ${cookieDomain}`]
}

/** A rule for a provider that nobody set up is a slip of the pen. Those for google may wait for GOOGLE_CLIENT_ID. */
function unknownProviders(
  values: Partial<z.output<typeof settings>>,
  others: readonly ProviderSettings[],
): string[] {
  const known = new Set(['google', '*', ...others.map(({ id }) => id)])
  const issuers = [...googleProvider(values), ...others].map(({ issuer }) => issuer)
  const twice = issuers.filter((one, index) => issuers.indexOf(one) !== index)
  return [
    ...ruleSettings.flatMap((member) =>
      (values[member] ?? [])
        .filter(({ provider }) => !known.has(provider))
        .map(
          ({ provider }) =>
            `${environmentName(member)}: no provider has the id ${provider}; set PROVIDER_${provider.toUpperCase().replaceAll('-', '_')}_ISSUER, or correct it`,
        ),
    ),
    ...twice.map((one) => `PROVIDER_<ID>_ISSUER: two providers have the issuer ${one}; keep one of them`),
  ]
}
const ruleSettings = ['allowedDomains', 'allowedEmails', 'deniedEmails', 'adminEmails'] as const

function googleProvider(values: Partial<z.output<typeof settings>>): ProviderSettings[] {
  const { googleClientId: clientId, googleClientSecret: clientSecret, googleIssuer: issuer } = values
  if (!clientId || clientSecret === undefined || issuer === undefined) return []
  return [{ id: 'google', label: 'Google', issuer, clientId, clientSecret, trustsEmail: false }]
}

function environmentName(member: string): string {
  return member.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()
}

function withEnvFile(): NodeJS.ProcessEnv {
  // loadEnvFile leaves alone what the environment already has.
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

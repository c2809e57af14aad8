import type { ProviderSettings } from './provider-settings.ts'
import { isSampleSecret } from './setting-kinds.ts'
import { environmentName, type Settings } from './settings.ts'

/** What contradicts what. Each member was parsed by itself, or is not there because it was wrong. */
export function contradictions(values: Partial<Settings>, others: readonly ProviderSettings[]): string[] {
  return [
    ...ofSecrets(values),
    ...ofServer(values),
    ...ofAccess(values),
    ...ofReturning(values),
    ...wrongDomain(values),
    ...unknownProviders(values, others),
  ]
}

/** What is wrong, and the words for it. */
type Rule = readonly [isWrong: boolean | undefined, problem: string]

const problemsOf = (rules: readonly Rule[]) =>
  rules.filter(([isWrong]) => isWrong).map(([, problem]) => problem)

function ofSecrets(values: Partial<Settings>): string[] {
  const { googleClientId, googleClientSecret, proxyMasterKey, proxyMasterKeyPrevious, metricsToken } = values
  return problemsOf([
    [
      googleClientId !== undefined && googleClientId !== '' && googleClientSecret === '',
      'GOOGLE_CLIENT_SECRET: is required when GOOGLE_CLIENT_ID is set; copy it from the OAuth client',
    ],
    [
      isSampleSecret(googleClientSecret ?? ''),
      'GOOGLE_CLIENT_SECRET: looks like a sample value; copy it from the OAuth client',
    ],
    [
      proxyMasterKeyPrevious !== undefined && proxyMasterKeyPrevious === proxyMasterKey,
      'PROXY_MASTER_KEY_PREVIOUS: is the same as PROXY_MASTER_KEY; remove it',
    ],
    [
      metricsToken !== undefined && metricsToken === proxyMasterKey,
      'METRICS_TOKEN: is the master key; make one of its own with: openssl rand -hex 32',
    ],
  ])
}

function ofServer(values: Partial<Settings>): string[] {
  const { databaseListenUrl, databaseUrl, metricsPort, port, argon2MemoryKib, argon2Parallelism } = values
  return problemsOf([
    [
      databaseListenUrl !== undefined && databaseUrl?.startsWith('file:'),
      'DATABASE_LISTEN_URL: is for Postgres, and DATABASE_URL is a file; remove it',
    ],
    [metricsPort !== undefined && metricsPort === port, 'METRICS_PORT: is the same as PORT; choose another'],
    [
      argon2MemoryKib !== undefined && argon2MemoryKib < 8 * (argon2Parallelism ?? 1),
      'ARGON2_MEMORY_KIB: must be at least 8 times ARGON2_PARALLELISM',
    ],
  ])
}

function ofAccess(values: Partial<Settings>): string[] {
  const { dangerouslyAllowAnyAccount: isOpen, allowedDomains = [], allowedEmails = [], signUp } = values
  const { allowlistUrl, allowlistToken, allowlistInterval = 0, allowlistStaleMax = Number.MAX_VALUE } = values
  return problemsOf([
    [
      isOpen && allowedDomains.length + allowedEmails.length > 0,
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT: contradicts ALLOWED_DOMAINS and ALLOWED_EMAILS; keep either it or them',
    ],
    [
      isOpen && (signUp === 'invited' || allowlistUrl !== undefined),
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT: contradicts SIGN_UP=invited and ALLOWLIST_URL; remove it',
    ],
    [
      allowlistToken !== undefined && allowlistUrl === undefined,
      'ALLOWLIST_TOKEN: is for ALLOWLIST_URL, which is not set; set that too, or remove it',
    ],
    [
      allowlistStaleMax < 2 * allowlistInterval,
      'ALLOWLIST_STALE_MAX: is shorter than two ALLOWLIST_INTERVALs, so that one slow answer would keep everybody out',
    ],
  ])
}

function ofReturning({ returnToOrigins = [], authBaseUrl }: Partial<Settings>): string[] {
  const isTls = authBaseUrl?.startsWith('https:')
  return problemsOf([
    [
      isTls && returnToOrigins.some(({ protocol }) => protocol === 'http:'),
      'RETURN_TO_ORIGINS: holds an http origin, and AUTH_BASE_URL is https; keep to https',
    ],
  ])
}

/** A browser takes a cookie for a domain only from a host in that domain. */
function wrongDomain({ cookieDomain, authBaseUrl }: Partial<Settings>): string[] {
  if (cookieDomain === undefined || authBaseUrl === undefined) return []
  const { hostname } = new URL(authBaseUrl)
  return hostname === cookieDomain || hostname.endsWith(`.${cookieDomain}`)
    ? []
    : [`COOKIE_DOMAIN: ${hostname}, the host of AUTH_BASE_URL, is not in ${cookieDomain}`]
}

/** A rule for a provider that nobody set up is a slip of the pen. Those for google may wait for GOOGLE_CLIENT_ID. */
function unknownProviders(values: Partial<Settings>, others: readonly ProviderSettings[]): string[] {
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
    ...twice.map(
      (one) => `${issuerSetting(others, one)}: another provider has the issuer ${one} too; keep one of them`,
    ),
  ]
}
const ruleSettings = ['allowedDomains', 'allowedEmails', 'deniedEmails', 'adminEmails'] as const

/** The setting that says last that a provider has this issuer. */
function issuerSetting(others: readonly ProviderSettings[], issuer: string): string {
  const last = others.findLast((provider) => provider.issuer === issuer)
  return last === undefined
    ? 'GOOGLE_ISSUER'
    : `PROVIDER_${last.id.toUpperCase().replaceAll('-', '_')}_ISSUER`
}

/** The provider of GOOGLE_CLIENT_ID, where it is set. */
export function googleProvider(values: Partial<Settings>): ProviderSettings[] {
  const { googleClientId: clientId, googleClientSecret: clientSecret, googleIssuer: issuer } = values
  if (!clientId || clientSecret === undefined || issuer === undefined) return []
  return [{ id: 'google', label: 'Google', issuer, clientId, clientSecret, trustsEmail: false }]
}

import { isProviderId } from './domain/rule-text.ts'
import { isSampleSecret, issuer as issuerKind } from './setting-kinds.ts'

/** An OpenID issuer that signs people in, as the settings say. */
export interface ProviderSettings {
  /** Stands in rules and in paths; `google` is the one of GOOGLE_CLIENT_ID. */
  readonly id: string
  /** What its button says after "Sign in with". */
  readonly label: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Whether an address counts as verified where the issuer says nothing of it. */
  readonly trustsEmail: boolean
}

/** What follows `PROVIDER_<ID>_` in the names of settings. The secret can come from a file, by `…_CLIENT_SECRET_FILE`. */
export const providerSettingNames = ['LABEL', 'ISSUER', 'CLIENT_ID', 'CLIENT_SECRET', 'TRUST_EMAIL'] as const

const namePattern =
  /^PROVIDER_(?:([A-Z][A-Z0-9_]*)_)?(LABEL|ISSUER|CLIENT_ID|CLIENT_SECRET(?:_FILE)?|TRUST_EMAIL)$/
/** Settings of their own, which no provider may hide. */
const otherNames = new Set(['PROVIDER_TIMEOUT'])

/** Reads `PROVIDER_<ID>_…`, in the order of their ids, and says in `problems` what is wrong. */
export function readProviders(
  environment: NodeJS.ProcessEnv,
  read: (name: string) => string | undefined,
  problems: string[],
): ProviderSettings[] {
  const names = new Set<string>()
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('PROVIDER_') || otherNames.has(name) || value === '') continue
    const [, id] = namePattern.exec(name) ?? []
    if (id === undefined)
      problems.push(
        `${name}: is no setting; there are ${patternsOf('<ID>')}, where the id begins with a letter`,
      )
    else names.add(id)
  }
  return [...names].sort().flatMap((name) => readProvider(name, read, problems) ?? [])
}

function readProvider(
  name: string,
  read: (name: string) => string | undefined,
  problems: string[],
): ProviderSettings | null {
  const id = name.toLowerCase().replaceAll('_', '-')
  const [label, issuer, clientId, clientSecret, trustEmail] = providerSettingNames.map((setting) =>
    read(`PROVIDER_${name}_${setting}`),
  )
  const complain = (setting: string, problem: string) =>
    problems.push(`PROVIDER_${name}_${setting}: ${problem}`)
  const before = problems.length
  if (!isProviderId(id)) complain('ISSUER', 'the id may have 32 characters at most')
  if (id === 'google') complain('ISSUER', 'the id google is the one of GOOGLE_CLIENT_ID; choose another')
  if (issuer === undefined) complain('ISSUER', 'is required; it is in the discovery document of the provider')
  if (clientId === undefined) complain('CLIENT_ID', 'is required; copy it from the OAuth client')
  if (!clientSecret) complain('CLIENT_SECRET', 'is required; copy it from the OAuth client')
  if (clientSecret !== undefined && isSampleSecret(clientSecret))
    complain('CLIENT_SECRET', 'looks like a sample value; copy it from the OAuth client')
  if (label !== undefined && !/^[^\p{Cc}]{1,40}$/u.test(label))
    complain('LABEL', 'may have 40 characters at most')
  if (trustEmail !== undefined && trustEmail !== 'true' && trustEmail !== 'false')
    complain('TRUST_EMAIL', 'must be true or false')
  for (const { message } of issuerKind.optional().safeParse(issuer).error?.issues ?? [])
    complain('ISSUER', message)
  if (issuer !== undefined && URL.canParse(issuer)) complainOfTenants(issuer, trustEmail === 'true', complain)
  if (
    problems.length > before ||
    issuer === undefined ||
    clientId === undefined ||
    clientSecret === undefined
  )
    return null
  return {
    id,
    label: label ?? titleOf(id),
    issuer,
    clientId,
    clientSecret,
    trustsEmail: trustEmail === 'true',
  }
}

const microsoftHosts =
  /^(login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net)$/
/** No tenant of anybody's; the last is that of all personal Microsoft accounts. */
const sharedTenants = /^\/(common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)(\/|$)/i
const sharedIssuers = new Set([
  'accounts.google.com',
  'gitlab.com',
  'appleid.apple.com',
  'slack.com',
  'www.linkedin.com',
  'login.salesforce.com',
  'www.facebook.com',
  'api.login.yahoo.com',
  'id.twitch.tv',
  'discord.com',
])

/** Where strangers can have accounts, what they call their address proves nothing. */
function complainOfTenants(
  issuer: string,
  trustsEmail: boolean,
  complain: (setting: string, problem: string) => void,
): void {
  const { hostname, pathname } = new URL(issuer)
  const isShared = microsoftHosts.test(hostname) && sharedTenants.test(pathname)
  // Under another id the rule about `hd` would not be asked, and anybody can have an address of your domain there.
  if (hostname === 'accounts.google.com') complain('ISSUER', 'is Google: set GOOGLE_CLIENT_ID instead')
  if (isShared) {
    complain('ISSUER', 'names no tenant; use https://login.microsoftonline.com/<tenant id>/v2.0')
  }
  if (trustsEmail && (isShared || sharedIssuers.has(hostname))) {
    complain(
      'TRUST_EMAIL',
      'anybody can have an account at this issuer, so its addresses need the claim; remove it',
    )
  }
}

function titleOf(id: string): string {
  return id.charAt(0).toUpperCase() + id.slice(1)
}

function patternsOf(id: string): string {
  return providerSettingNames.map((name) => `PROVIDER_${id}_${name}`).join(', ')
}

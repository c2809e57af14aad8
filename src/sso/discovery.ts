import { z } from 'zod'
import { type BoundedFetch, providerError, readJsonObject } from './bounded-fetch.ts'

/** What we use of a provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 9207 §3). */
export interface ProviderMetadata {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly userinfoEndpoint: string | undefined
  readonly jwksUri: string
  readonly tokenEndpointAuthMethods: readonly string[]
  readonly sendsIssuerParameter: boolean
  /** Whether it says that it can let the person choose an account. */
  readonly offersAccounts: boolean
}

const endpoint = z.string().refine((text) => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  )
})
const document = z.object({
  issuer: z.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  userinfo_endpoint: endpoint.optional(),
  jwks_uri: endpoint,
  // The default of the specification is Basic.
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
  authorization_response_iss_parameter_supported: z.boolean().default(false),
  prompt_values_supported: z.array(z.string()).default([]),
})
const maxAgeMs = 24 * 3_600_000
const retryAfterMs = 60_000

/**
 * Reads `/.well-known/openid-configuration` on first use and daily from then on. A document that names another issuer,
 * by a slash or a letter, is refused. While there is a good copy nobody waits for the next one, and a failure does not
 * throw it away; without one each failure is told to who asked, and the next to ask tries again.
 * @throws KeydeskError `provider_error`
 */
export function createDiscovery(options: { issuer: string; fetch: BoundedFetch; now: () => Date }) {
  let known: { metadata: ProviderMetadata; refreshAt: number } | undefined
  let underway: Promise<ProviderMetadata> | undefined

  return async function discover(): Promise<ProviderMetadata> {
    if (known === undefined) return refresh()
    const isDue = options.now().getTime() >= known.refreshAt
    if (isDue) {
      // A provider that is down is not asked by everybody who comes.
      known.refreshAt = options.now().getTime() + retryAfterMs
      refresh().catch(() => undefined)
    }
    return known.metadata
  }

  function refresh(): Promise<ProviderMetadata> {
    underway ??= load().finally(() => {
      underway = undefined
    })
    return underway
  }

  async function load(): Promise<ProviderMetadata> {
    const base = options.issuer.replace(/\/$/, '')
    const response = await options.fetch(`${base}/.well-known/openid-configuration`)
    const parsed = document.safeParse(readJsonObject(response, 'discovery'))
    if (!parsed.success) throw providerError('discovery_incomplete', parsed.error)
    if (parsed.data.issuer !== options.issuer) throw providerError('discovery_other_issuer')
    // A provider on the network must not aim our requests at what listens on our own machine.
    if (
      options.issuer.startsWith('https:') &&
      protocolsOf(parsed.data).some((protocol) => protocol !== 'https:')
    )
      throw providerError('discovery_plain_endpoint')
    const metadata = {
      authorizationEndpoint: parsed.data.authorization_endpoint,
      tokenEndpoint: parsed.data.token_endpoint,
      userinfoEndpoint: parsed.data.userinfo_endpoint,
      jwksUri: parsed.data.jwks_uri,
      tokenEndpointAuthMethods: parsed.data.token_endpoint_auth_methods_supported,
      sendsIssuerParameter: parsed.data.authorization_response_iss_parameter_supported,
      offersAccounts: parsed.data.prompt_values_supported.includes('select_account'),
    }
    known = { metadata, refreshAt: options.now().getTime() + maxAgeMs }
    return metadata
  }
}

function protocolsOf(found: z.output<typeof document>): string[] {
  const { authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri } = found
  return [authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint]
    .filter((url) => url !== undefined)
    .map((url) => new URL(url).protocol)
}

import { KeydeskError } from '../domain/errors.ts'
import { createBoundedFetch, providerError, readJsonObject } from './bounded-fetch.ts'
import { createDiscovery } from './discovery.ts'
import { createIdTokenVerifier } from './id-token.ts'
import { createOAuthClient } from './oauth-client.ts'

type Claims = Readonly<Record<string, unknown>>

export interface BeginRequest {
  readonly state: string
  readonly openIdNonce: string
  readonly hostedDomain: string | null
  /** Asks the provider to let the person choose (`prompt`, OpenID Connect Core §3.1.2.1). */
  readonly choosesAccount: boolean
}

export interface RedeemRequest {
  readonly code: string
  readonly codeVerifier: string
  readonly openIdNonce: string
}

/** An OpenID issuer that signs people in. */
export interface Provider {
  readonly id: string
  readonly label: string
  readonly issuer: string
  /** Whether an address counts as verified where the issuer says nothing of it. */
  readonly trustsEmail: boolean
  /** Where to send the browser, and the PKCE verifier to keep. @throws KeydeskError `provider_error` */
  begin(request: BeginRequest): Promise<{ url: URL; codeVerifier: string }>
  /** Whether the `iss` parameter of a callback is as RFC 9207 wants it. @throws KeydeskError `provider_error` */
  acceptsIssuerParameter(iss: string | undefined): Promise<boolean>
  /**
   * Exchanges the code, verifies the ID token, fetches UserInfo and compares its `sub`; the tokens are dropped.
   * @throws KeydeskError `provider_error`
   */
  redeem(request: RedeemRequest): Promise<{ idToken: Claims; userInfo: Claims }>
}

export interface ProviderOptions {
  readonly id: string
  readonly label: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly trustsEmail: boolean
  readonly redirectUri: string
  readonly timeoutSeconds: number
  readonly now: () => Date
}

export function createProvider(options: ProviderOptions): Provider {
  const fetch = createBoundedFetch(options.timeoutSeconds)
  const discover = createDiscovery({ ...options, fetch })
  const verifyIdToken = createIdTokenVerifier({ ...options, fetch })
  const client = createOAuthClient({ ...options, fetch })
  return {
    id: options.id,
    label: options.label,
    issuer: options.issuer,
    trustsEmail: options.trustsEmail,

    begin: named(async ({ state, openIdNonce, hostedDomain, choosesAccount }: BeginRequest) => {
      const metadata = await discover()
      const { url, codeVerifier } = client.begin(metadata, state, openIdNonce)
      if (hostedDomain !== null) url.searchParams.set('hd', hostedDomain)
      // Google knows the prompt and does not say so. Others may refuse what they do not know.
      if (choosesAccount && (options.id === 'google' || metadata.offersAccounts))
        url.searchParams.set('prompt', 'select_account')
      return { url, codeVerifier }
    }),

    acceptsIssuerParameter: named(async (iss: string | undefined) => {
      const { sendsIssuerParameter } = await discover()
      return iss === undefined ? !sendsIssuerParameter : iss === options.issuer
    }),

    redeem: named(async ({ code, codeVerifier, openIdNonce }: RedeemRequest) => {
      const metadata = await discover()
      const tokens = await client.exchange(metadata, code, codeVerifier)
      const idToken = await verifyIdToken(tokens.idToken, metadata.jwksUri, openIdNonce)
      if (metadata.userinfoEndpoint === undefined) return { idToken, userInfo: {} }
      const response = await fetch(metadata.userinfoEndpoint, {
        headers: { authorization: `Bearer ${tokens.accessToken}`, accept: 'application/json' },
      })
      const userInfo = readJsonObject(response, 'userinfo')
      if (userInfo.sub !== idToken.sub) throw providerError('userinfo_other_subject')
      return { idToken, userInfo }
    }),
  }

  /** Everything that goes wrong says where, since there can be several providers. */
  function named<Args extends unknown[], Result>(
    work: (...args: Args) => Promise<Result>,
  ): (...args: Args) => Promise<Result> {
    return async (...args) => {
      try {
        return await work(...args)
      } catch (error) {
        if (!(error instanceof KeydeskError)) throw error
        const message = `${options.label} did not answer, or its answer did not pass our checks. Nothing was changed.`
        throw error.with({ message, provider: options.id })
      }
    }
  }
}

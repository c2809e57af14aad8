import { CodeChallengeMethod, generateCodeVerifier, OAuth2Client, OAuth2Tokens } from 'arctic'
import { type BoundedFetch, parseJsonObject, providerError } from './bounded-fetch.ts'
import type { ProviderMetadata } from './discovery.ts'

/*
 * The only file that names arctic (docs/decisions/0003). It makes the PKCE pair and the authorization URL and reads the
 * token answer; it verifies nothing.
 */

export interface OAuthClient {
  /** The URL to send the browser to, and the PKCE verifier (RFC 7636) that belongs to it. */
  begin(metadata: ProviderMetadata, state: string, openIdNonce: string): { url: URL; codeVerifier: string }
  /** Exchanges a code for tokens (RFC 6749 §4.1.3). @throws KeydeskError `provider_error` */
  exchange(
    metadata: ProviderMetadata,
    code: string,
    codeVerifier: string,
  ): Promise<{ idToken: string; accessToken: string }>
}

const scopes = ['openid', 'profile', 'email']

export function createOAuthClient(options: {
  clientId: string
  clientSecret: string
  redirectUri: string
  fetch: BoundedFetch
}): OAuthClient {
  const client = new OAuth2Client(options.clientId, options.clientSecret, options.redirectUri)
  return {
    begin(metadata, state, openIdNonce) {
      const codeVerifier = generateCodeVerifier()
      const url = client.createAuthorizationURLWithPKCE(
        metadata.authorizationEndpoint,
        state,
        CodeChallengeMethod.S256,
        codeVerifier,
        scopes,
      )
      url.searchParams.set('nonce', openIdNonce)
      return { url, codeVerifier }
    },

    async exchange(metadata, code, codeVerifier) {
      const response = await options.fetch(metadata.tokenEndpoint, tokenRequest(metadata, code, codeVerifier))
      const answer = parseJsonObject(response.body, 'token')
      if (response.status !== 200) throw providerError('token_refused', new Error(oauthErrorOf(answer)))
      const tokens = new OAuth2Tokens(answer)
      try {
        if (tokens.tokenType().toLowerCase() !== 'bearer') throw new Error('the token type is not Bearer')
        const accessToken = tokens.accessToken()
        // RFC 6750 §2.1: what is no b64token could not be sent on as it is.
        if (!/^[A-Za-z0-9._~+/-]+=*$/.test(accessToken)) throw new Error('the access token is no b64token')
        return { idToken: tokens.idToken(), accessToken }
      } catch (cause) {
        throw providerError('token_incomplete', cause)
      }
    },
  }

  /** Basic where the provider takes it, else in the body (RFC 6749 §2.3.1); it says itself which. */
  function tokenRequest(metadata: ProviderMetadata, code: string, codeVerifier: string): RequestInit {
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: codeVerifier,
      redirect_uri: options.redirectUri,
    })
    const headers: Record<string, string> = { accept: 'application/json' }
    const methods = metadata.tokenEndpointAuthMethods
    if (!methods.includes('client_secret_basic')) {
      if (!methods.includes('client_secret_post')) throw providerError('token_auth_method_unknown')
      body.set('client_id', options.clientId)
      body.set('client_secret', options.clientSecret)
    } else {
      headers.authorization = basicCredentials(options.clientId, options.clientSecret)
    }
    return { method: 'POST', headers, body }
  }
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
function basicCredentials(id: string, secret: string): string {
  const formEncoded = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)
  return `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64')}`
}

/** The error code of RFC 6749 §5.2, for the log; its description may quote what was sent. */
function oauthErrorOf(answer: Record<string, unknown>): string {
  return typeof answer.error === 'string' && /^[a-z_]{1,40}$/.test(answer.error)
    ? answer.error
    : 'unknown error'
}

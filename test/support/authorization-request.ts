import { createHash, randomBytes } from 'node:crypto'

/** The secrets of one authorization request, as a client keeps them until the callback. */
export interface AuthorizationRequest {
  url: string
  state: string
  nonce: string
  codeVerifier: string
}

/** A well-formed OpenID authorization request with PKCE, for testing the providers without the gateway. */
export function authorizationRequest(
  endpoint: string,
  client: { clientId: string; redirectUri: string; without?: string[]; with?: Record<string, string> },
): AuthorizationRequest {
  const [state, nonce, codeVerifier] = [random(), random(), random()]
  const url = new URL(endpoint)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...client.with,
  }).toString()
  for (const name of client.without ?? []) url.searchParams.delete(name)
  return { url: url.href, state, nonce, codeVerifier }
}

/** Exchanges a code at a token endpoint with client_secret_basic. */
export function exchangeCode(
  endpoint: string,
  client: { clientId: string; clientSecret: string; redirectUri: string },
  code: string,
  codeVerifier: string,
): Promise<Response> {
  const credentials = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  return fetch(endpoint, {
    method: 'POST',
    redirect: 'manual',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUri,
      code_verifier: codeVerifier,
    }),
  })
}

function random(): string {
  return randomBytes(32).toString('base64url')
}

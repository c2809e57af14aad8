import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Answer, sendAnswer } from './wrong-issuer-answers.ts'
import {
  type Behaviour,
  rightAccount,
  rightBehaviour,
  type TokenBehaviour,
  type WrongIssuerAccount,
} from './wrong-issuer-behaviour.ts'
import { exchangeProblem, isClient, refusal } from './wrong-issuer-exchange.ts'
import { createWrongIssuerKeys } from './wrong-issuer-keys.ts'
import { listen, stop } from './wrong-issuer-server.ts'
import { unsignedIdToken } from './wrong-issuer-tokens.ts'

export type { Behaviour, WrongIssuerAccount } from './wrong-issuer-behaviour.ts'

export interface TokenRequest {
  url: string
  headers: IncomingHttpHeaders
  parameters: URLSearchParams
}

export interface WrongIssuer {
  issuer: string
  account: WrongIssuerAccount
  behaviour: Behaviour
  /** The parameters of each authorization request, oldest first. */
  authorizeRequests: URLSearchParams[]
  tokenRequests: TokenRequest[]
  /** How often each path was asked, `/elsewhere/…` (a redirect was followed) among them. */
  requests: Map<string, number>
  /** Makes everything right again and forgets the requests; keys and codes stay. */
  reset(): void
  /** From now on the JWKS holds, and tokens are signed with, another key. */
  rotateKey(): void
  /** Refuses connections until `up()`, which takes the same port again. */
  down(): Promise<void>
  up(): Promise<void>
  /** Closes at once, with every connection that hangs. */
  close(): Promise<void>
}

/**
 * Starts a small OpenID issuer for attack tests: right by default, and wrong wherever `behaviour` or
 * `account` says so. It asks nobody: the authorization endpoint redirects back at once.
 */
export async function startWrongIssuer(client: {
  clientId: string
  clientSecret: string
}): Promise<WrongIssuer> {
  const keys = createWrongIssuerKeys(client.clientSecret)
  const codes = new Map<string, URLSearchParams>()
  const accessTokens = new Set<string>()
  const account = rightAccount()
  const behaviour = rightBehaviour()
  const authorizeRequests: URLSearchParams[] = []
  const tokenRequests: TokenRequest[] = []
  const requests = new Map<string, number>()

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500)
      response.end(`the wrong issuer itself failed: ${error}`)
    })
  })
  const port = await listen(server, 0)
  const issuer = `http://127.0.0.1:${port}`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer)
    requests.set(url.pathname, (requests.get(url.pathname) ?? 0) + 1)
    // Behind a redirect everything is as it should be, so that only not following it helps.
    const isElsewhere = url.pathname.startsWith('/elsewhere/')
    const path = isElsewhere ? url.pathname.slice('/elsewhere'.length) : url.pathname
    const send = (how: TokenBehaviour, right: Answer) =>
      sendAnswer(response, isElsewhere ? 'ok' : how, right, `${issuer}/elsewhere${path}`)

    if (path === '/authorize') {
      response.writeHead(302, { Location: authorize(url.searchParams), 'Cache-Control': 'no-store' }).end()
    } else if (path === '/.well-known/openid-configuration') {
      const document = behaviour.discovery(discoveryDocument(issuer, behaviour.algorithm))
      send(behaviour.discoveryEndpoint, { status: 200, body: document })
    } else if (path === '/jwks') {
      const published = await keys.jwks(behaviour.algorithm, behaviour.sign)
      send(behaviour.jwksEndpoint, { status: 200, body: published })
    } else if (path === '/userinfo') {
      send(behaviour.userInfoEndpoint, userInfo(request.headers.authorization))
    } else if (path === '/token' && request.method === 'POST') {
      const parameters = new URLSearchParams(await text(request))
      tokenRequests.push({ url: request.url ?? '', headers: request.headers, parameters })
      const right = await exchange(request.headers.authorization, parameters)
      send(behaviour.token, right)
    } else {
      response.writeHead(404).end()
    }
  }

  function authorize(query: URLSearchParams): string {
    authorizeRequests.push(query)
    const code = randomBytes(24).toString('base64url')
    codes.set(code, query)
    const parameters = new URLSearchParams({ code, state: query.get('state') ?? '', iss: issuer })
    behaviour.callback(parameters)
    const callback = new URL(query.get('redirect_uri') ?? `${issuer}/no-redirect-uri`)
    callback.search = parameters.toString()
    return callback.href
  }

  async function exchange(authorization: string | undefined, sent: URLSearchParams): Promise<Answer> {
    if (behaviour.token === 'error-invalid-grant') return refusal(400, 'invalid_grant')
    if (!isClient(client, authorization, sent)) return refusal(401, 'invalid_client')
    const code = sent.get('code') ?? ''
    const asked = codes.get(code)
    const problem = exchangeProblem(asked, sent)
    // Whoever follows the redirect brings the same code again, and must get the right answer for it.
    if (behaviour.token !== 'redirect') codes.delete(code)
    if (!asked || problem) return refusal(400, 'invalid_grant', problem)

    const accessToken = randomBytes(24).toString('base64url')
    accessTokens.add(accessToken)
    const unsigned = unsignedIdToken({ issuer, clientId: client.clientId, account, asked }, behaviour)
    const tokens: Record<string, unknown> = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: asked.get('scope') ?? '',
      id_token: await keys.sign(unsigned, behaviour.algorithm, behaviour.sign),
    }
    if (behaviour.token === 'no-id-token') delete tokens.id_token
    return { status: 200, body: behaviour.tokenAnswer(tokens) }
  }

  function userInfo(authorization = ''): Answer {
    const accessToken = /^Bearer (.+)$/i.exec(authorization)?.[1] ?? ''
    if (!accessTokens.has(accessToken)) return refusal(401, 'invalid_token')
    return { status: 200, body: behaviour.userInfo({ ...account }) }
  }

  function reset(): void {
    // Tests hold on to these objects, so they are changed in place.
    for (const claim of Object.keys(account)) Reflect.deleteProperty(account, claim)
    Object.assign(account, rightAccount())
    Object.assign(behaviour, rightBehaviour())
    authorizeRequests.length = 0
    tokenRequests.length = 0
    requests.clear()
  }

  return {
    issuer,
    account,
    behaviour,
    authorizeRequests,
    tokenRequests,
    requests,
    reset,
    rotateKey: keys.rotate,
    down: () => stop(server),
    up: async () => {
      await listen(server, port)
    },
    close: () => stop(server),
  }
}

/** Asks an authorization endpoint that waits for nobody's click, and returns where it redirects to. */
export async function authorizeAt(authorizationUrl: string): Promise<string> {
  const response = await fetch(authorizationUrl, { redirect: 'manual' })
  await response.body?.cancel()
  const location = response.headers.get('location')
  if (!location) throw new Error(`The issuer answered ${response.status} without a Location`)
  return new URL(location, authorizationUrl).href
}

function discoveryDocument(issuer: string, algorithm: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
    scopes_supported: ['openid', 'email', 'profile'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
  }
}

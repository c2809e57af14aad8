import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type Provider from 'oidc-provider'
import { loadQuietOidcProvider } from './quiet-oidc-provider.ts'
import { type StandInAccount, standInAccounts } from './stand-in-accounts.ts'
import { generateStandInKeys, type StandInClient, standInConfiguration } from './stand-in-configuration.ts'
import { errorPage, pickerPage } from './stand-in-pages.ts'

export { signInAtProvider } from './sign-in-at-provider.ts'
export { type StandInAccount, standInAccounts } from './stand-in-accounts.ts'

export interface StandInOptions {
  /** 0, the default, takes a free port. */
  port?: number
  host?: string
  clientId: string
  clientSecret: string
  redirectUris: string[]
  /** Used as it is, not copied; without it the stand-in gets its own copy of `standInAccounts`. */
  accounts?: StandInAccount[]
  idTokenAlgorithm?: 'RS256' | 'ES256'
}

export interface StandInProvider {
  issuer: string
  /** Change, add or remove people at any time: the next sign-in sees it. */
  accounts: StandInAccount[]
  /** Requests answered so far, by endpoint. */
  requests: { discovery: number; authorization: number; token: number; userInfo: number; jwks: number }
  /** New signing keys in place of the old ones. Sign-ins that are under way are forgotten. */
  rotateKeys(): Promise<void>
  close(): Promise<void>
}

/**
 * Starts the local stand-in for Google: panva's oidc-provider behind a page of accounts to pick from. Its
 * issuer is `http://127.0.0.1:PORT`, so that to a browser on `http://localhost` it is another site, as
 * Google is. Rejects with EADDRINUSE when the port is taken.
 */
export async function startStandInProvider(options: StandInOptions): Promise<StandInProvider> {
  const { host = '127.0.0.1', idTokenAlgorithm = 'RS256' } = options
  const accounts = options.accounts ?? standInAccounts.map((account) => ({ ...account }))
  const client: StandInClient = { ...options, accounts, idTokenAlgorithm }
  const { Provider, interactionPolicy } = await loadQuietOidcProvider()
  const requests = { discovery: 0, authorization: 0, token: 0, userInfo: 0, jwks: 0 }

  let provider: Provider
  let answer: RequestListener = (_request, response) => response.writeHead(503).end()
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const endpoint = endpoints[path]
    if (endpoint) requests[endpoint] += 1
    // Without its session cookie oidc-provider remembers nobody, and shows the picker every time.
    request.headers.cookie = withoutSession(request.headers.cookie)
    if (!path.startsWith('/interaction/')) return answer(request, response)
    answerInteraction(provider, accounts, request, response).catch(() => {
      sendPage(response, 400, errorPage('This sign-in was already finished, or it has expired.'))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const issuer = `http://${host}:${(server.address() as AddressInfo).port}`

  async function rotateKeys(): Promise<void> {
    // oidc-provider reads its keys once, so new keys mean a new provider behind the same address.
    provider = new Provider(
      issuer,
      standInConfiguration(client, await generateStandInKeys(), interactionPolicy),
    )
    answer = provider.callback()
  }
  await rotateKeys()

  return {
    issuer,
    accounts,
    requests,
    rotateKeys,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const endpoints: Record<string, keyof StandInProvider['requests']> = {
  '/.well-known/openid-configuration': 'discovery',
  '/auth': 'authorization',
  '/token': 'token',
  '/me': 'userInfo',
  '/jwks': 'jwks',
}

async function answerInteraction(
  provider: Provider,
  accounts: StandInAccount[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  if (request.method !== 'POST') {
    return sendPage(response, 200, pickerPage(accounts, new URL(String(params.redirect_uri)).host))
  }
  const choice = new URLSearchParams(await text(request)).get('account')
  if (choice === 'cancel') {
    const cancelled = { error: 'access_denied', error_description: 'The person cancelled the sign-in' }
    return provider.interactionFinished(request, response, cancelled, { mergeWithLastSubmission: false })
  }
  const account = accounts.find(({ sub }) => sub === choice)
  if (!account) return sendPage(response, 400, errorPage('There is no such account.'))
  await provider.interactionFinished(request, response, {
    login: { accountId: account.sub, remember: false },
    // One page answers every prompt that a client may ask for.
    select_account: {},
    consent: {},
  })
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    // No form-action: browsers apply it to the redirects behind a form too, and ours ends at the client.
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
  })
  response.end(html)
}

function withoutSession(cookie = ''): string {
  return cookie
    .split(/;\s*/)
    .filter((pair) => !/^_session(\.|=)/.test(pair))
    .join('; ')
}

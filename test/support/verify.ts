import { type ProxyName, proxies } from '../../src/domain/forwarded-request.ts'
import type { TestGateway } from './gateway.ts'
import { type RawAnswer, type RawHeaders, sendRaw } from './raw-request.ts'

export { proxies }
export const otherProxies = proxies.filter((proxy) => proxy !== 'nginx')

/** The app that stands behind the proxy, and where browsers may be sent back to. */
export const app = 'https://app.example.com'
export const verifySettings = {
  FAILURE_RATE_LIMIT: 'off',
  AUTH_RATE_LIMIT: 'off',
  RETURN_TO_ORIGINS: app,
}

export interface AskedOfApp {
  readonly method?: string
  readonly scheme?: string
  readonly host?: string
  readonly target?: string
  /** What the address demands, without its question mark. */
  readonly demands?: string
  /** The client as the proxy says; null where it does not say. */
  readonly client?: string | null
  /** What the client sent, and the proxy passes on. */
  readonly headers?: RawHeaders
}

/** What each proxy sends to us when a client asks an app for something. */
export function callOf(proxy: ProxyName, asked: AskedOfApp = {}) {
  const { method = 'GET', scheme = 'https', host = 'app.example.com', target = '/reports?from=2027' } = asked
  const { demands, client = '192.0.2.7', headers = [] } = asked
  const query = demands === undefined ? '' : `?${demands}`
  const from: RawHeaders = client === null ? [] : [['X-Forwarded-For', client]]
  switch (proxy) {
    case 'nginx': {
      const told: RawHeaders = [
        ['X-Original-Method', method],
        ['X-Original-URL', `${scheme}://${host}${target}`],
      ]
      return { method: 'GET', path: `/auth/verify/nginx${query}`, headers: [...told, ...from, ...headers] }
    }
    case 'envoy': {
      const path = demands === undefined ? target : `?${demands}&target=${target}`
      const told: RawHeaders = [
        ['Host', host],
        ['X-Forwarded-Proto', scheme],
      ]
      return { method, path: `/auth/verify/envoy${path}`, headers: [...told, ...from, ...headers] }
    }
    default: {
      const told: RawHeaders = [
        ['X-Forwarded-Method', method],
        ['X-Forwarded-Proto', scheme],
        ['X-Forwarded-Host', host],
        ['X-Forwarded-Uri', target],
      ]
      return { method: 'GET', path: `/auth/verify/${proxy}${query}`, headers: [...told, ...from, ...headers] }
    }
  }
}

/** Asks as the proxy does, over a socket. */
export async function askAs(
  proxy: ProxyName,
  gateway: Pick<TestGateway, 'url'>,
  asked: AskedOfApp = {},
): Promise<RawAnswer> {
  return send(gateway, callOf(proxy, asked))
}

export async function send(
  gateway: Pick<TestGateway, 'url'>,
  call: { method?: string; path: string; headers: RawHeaders; body?: string },
): Promise<RawAnswer> {
  const answer = await sendRaw(gateway.url, call)
  if (answer === null) throw new Error('the connection was closed without an answer')
  return answer
}

export const withKey = (key: string): RawHeaders => [['X-API-Key', key]]
export const withBearer = (text: string): RawHeaders => [['Authorization', `Bearer ${text}`]]
export const withSession = (secret: string): RawHeaders => [
  ['Cookie', `theme=dark; __Host-keydesk=${secret}`],
]
export const byBrowser: RawHeaders = [
  ['Sec-Fetch-Mode', 'navigate'],
  ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
]

/** The status and the code of a refusal, which is said in the form of the contract and sets no cookie. */
export function refusalOf({ status, headers, body }: RawAnswer): [status: number, code: string | undefined] {
  if (headers['set-cookie'] !== undefined) throw new Error('a refusal sets a cookie')
  if (status >= 400 && headers['content-type'] === 'application/problem+json') {
    const problem = JSON.parse(body)
    if (problem.status !== status) throw new Error(`the problem says ${problem.status}, the answer ${status}`)
  }
  return [status, headers['x-auth-error']]
}

/** The identity headers of an answer, by their names without the common part. */
export function identityOf({ headers }: RawAnswer): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith('x-auth-request-'))
      .map(([name, value]) => [name.slice('x-auth-request-'.length), value]),
  )
}

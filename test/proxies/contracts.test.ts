import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDesk, type Desk, deskSettings, idOf } from '../support/desk.ts'
import { startGateway } from '../support/gateway.ts'
import { identityNames } from '../support/proxies/identity-names.ts'
import { type RawAnswer, sendRaw } from '../support/raw-request.ts'
import { testClient } from '../support/sign-in.ts'

// Debian has neither Traefik nor Envoy. What these send is written down here, header by header, from their sources:
// Traefik 3.5 pkg/middlewares/auth/forward.go, Envoy 1.34 source/extensions/filters/common/ext_authz/ext_authz_http_impl.cc.

interface Asked {
  readonly method?: string
  /** What the client sent, as the proxy passes it on. */
  readonly headers?: readonly (readonly [string, string])[]
}
type Ask = (target: string, asked?: Asked) => Promise<RawAnswer>

const appHost = 'app.corp.test'
const keysUrl = 'https://keys.corp.test'
const page = [
  ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
  ['Sec-Fetch-Mode', 'navigate'],
] as const

let desk: Desk
let key: string
beforeAll(async () => {
  const gateway = await startGateway({
    AUTH_BASE_URL: keysUrl,
    COOKIE_DOMAIN: 'corp.test',
    RETURN_TO_ORIGINS: `https://${appHost}`,
    ALLOWED_DOMAINS: 'desk.test',
    // People can sign in; nobody does here.
    GOOGLE_CLIENT_ID: testClient.clientId,
    GOOGLE_CLIENT_SECRET: testClient.clientSecret,
    ...deskSettings,
  })
  desk = await createDesk(gateway)
  key = await desk.mint({ scopes: ['reports.read'] })
})
afterAll(() => desk?.close())

async function send(request: Parameters<typeof sendRaw>[1]): Promise<RawAnswer> {
  const answer = await sendRaw(desk.gateway.url, request)
  if (answer === null) throw new Error('no answer')
  return answer
}

/** Always a GET with the headers of the client, without those of the connection, and Traefik's own after them. */
const askAsTraefik =
  (address = '/auth/verify/traefik'): Ask =>
  (target, { method = 'GET', headers = [] } = {}) =>
    send({
      path: address,
      headers: [
        ['Host', 'keydesk:3000'],
        ...headers,
        ['X-Forwarded-For', '203.0.113.7'],
        ['X-Forwarded-Host', appHost],
        ['X-Forwarded-Method', method],
        ['X-Forwarded-Port', '443'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Server', 'traefik'],
        ['X-Forwarded-Uri', target],
        ['Accept-Encoding', 'gzip'],
      ],
    })

/** The method, host and path of the client behind a prefix, no body, and the headers of `allowed_headers` in lower case. */
const askAsEnvoy =
  (prefix = '/auth/verify/envoy'): Ask =>
  (target, { method = 'GET', headers = [] } = {}) =>
    send({
      method,
      path: prefix + target,
      headers: [
        ['host', appHost],
        ['content-length', '0'],
        ...headers.map(([name, value]) => [name.toLowerCase(), value] as const),
        ['x-forwarded-proto', 'https'],
        // Envoy's own address comes last.
        ['x-forwarded-for', '203.0.113.7,127.0.0.1'],
        ['x-envoy-internal', 'true'],
        ['x-envoy-expected-rq-timeout-ms', '3000'],
      ],
    })

const withDemands = {
  traefik: (demands: string) => askAsTraefik(`/auth/verify/traefik?${demands}`),
  envoy: (demands: string) => askAsEnvoy(`/auth/verify/envoy?${demands}&target=`),
}

describe.each([
  ['traefik', askAsTraefik()],
  ['envoy', askAsEnvoy()],
] as const)('a request as %s sends it', (name, ask) => {
  const targets = ['/', '/a%20b/%C3%BC?x=1&y=%2B%23&z=', '/?target=/b&scope=none&group=', '/x?a=b?c&&']

  test.each(targets)(
    '%s with a good key is 200, empty, with every identity header and no cookie',
    async (target) => {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']) {
        const answer = await ask(target, { method, headers: [['X-Api-Key', key]] })
        expect([answer.status, answer.body], method).toEqual([200, ''])
        for (const header of identityNames.filter((one) => one.startsWith('X-')))
          expect(answer.headers, header).toHaveProperty(header.toLowerCase())
        expect(answer.headers).toMatchObject({
          'x-auth-request-user': desk.userId,
          'x-auth-request-key-id': idOf(key),
          'x-auth-request-method': 'key',
          'cache-control': 'no-store',
        })
        expect(answer.headers['set-cookie']).toBeUndefined()
        const [, payload = ''] = (answer.headers['x-auth-request-jwt'] ?? '').split('.')
        expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).aud).toBe(`https://${appHost}`)
      }
    },
  )

  test.each(targets)(
    'a page at %s without a credential leads to signing in, and back to the very URL',
    async (target) => {
      const answer = await ask(target, { headers: page })
      expect(answer.status).toBe(302)
      const location = new URL(answer.headers.location ?? '')
      expect(location.origin + location.pathname).toBe(`${keysUrl}/auth/login`)
      expect(location.searchParams.get('return_to')).toBe(`https://${appHost}${target}`)
    },
  )

  test('a form that is sent without a session leads to signing in, and is not sent again', async () => {
    const answer = await ask('/orders?x=1', { method: 'POST', headers: page })
    expect(answer.status).toBe(303)
    expect(new URL(answer.headers.location ?? '').searchParams.get('return_to')).toBe(`https://${appHost}/`)
  })

  test('programs and bad keys get 401 with a problem, and nowhere to go', async () => {
    for (const headers of [
      [['Accept', '*/*']],
      [['Accept', 'application/json']],
      [
        ['X-Requested-With', 'XMLHttpRequest'],
        ['Accept', 'text/html'],
      ],
      [
        ['Sec-Websocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Sec-Fetch-Mode', 'websocket'],
      ],
      [
        ['Content-Type', 'application/grpc'],
        ['Te', 'trailers'],
      ],
      [...page, ['X-Api-Key', 'kd_nonsense']],
    ] as const) {
      const answer = await ask('/', { headers })
      expect([answer.status, answer.headers.location]).toEqual([401, undefined])
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(answer.headers['www-authenticate']).toBeDefined()
    }
  })

  test('too many are 429 with how long to wait, which both pass on as it is', async () => {
    const limited = await desk.mint({ rate_limit: { limit: 1, window_seconds: 60 } })
    expect((await ask('/', { headers: [['X-Api-Key', limited]] })).status).toBe(200)
    const answer = await ask('/', { headers: [['X-Api-Key', limited]] })
    expect([answer.status, answer.headers['x-auth-error']]).toEqual([429, 'rate_limited'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  })

  test('demands of the configuration hold, whatever the client’s query says', async () => {
    const enough = withDemands[name]('scope=reports.read')
    const more = withDemands[name]('scope=reports.read&scope=builds.read')
    const unknown = withDemands[name]('scopes=reports.read')
    const asked = { headers: [['X-Api-Key', key]] } as const
    for (const target of targets) {
      expect((await enough(target, asked)).status).toBe(200)
      expect((await more(target, asked)).status).toBe(403)
      expect((await unknown(target, asked)).status).toBeGreaterThanOrEqual(400)
    }
  })

  test('the client’s address is the one that the proxy saw', async () => {
    const bound = await desk.mint({ allowed_addresses: ['203.0.113.7'] })
    expect((await ask('/', { headers: [['X-Api-Key', bound]] })).status).toBe(200)
    const elsewhere = await desk.mint({ allowed_addresses: ['203.0.113.8'] })
    expect((await ask('/', { headers: [['X-Api-Key', elsewhere]] })).status).toBe(403)
  })
})

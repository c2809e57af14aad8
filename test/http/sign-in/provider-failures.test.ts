import { describe, expect, test } from 'vitest'
import {
  type Attacked,
  auditOf,
  begin,
  callbackOf,
  inventory,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'
import type { Behaviour } from '../../support/wrong-issuer.ts'

const ways = ['status-500', 'hang', 'trickle', 'junk-2mb', 'not-json', 'redirect'] as const
const endpoints = ['token', 'jwksEndpoint', 'userInfoEndpoint'] as const
const asPage = { accept: 'text/html' }

/** Each with a provider and a gateway of its own: what one of them remembers must not help another. */
async function withFresh(work: (context: Attacked) => Promise<void>, settings = {}): Promise<void> {
  const context = await startAttackedGateway({ PROVIDER_TIMEOUT: '1s', ...settings })
  try {
    await work(context)
  } finally {
    await context.close()
  }
}

async function expectCleanFailure(context: Attacked, response: Response, tookMs: number): Promise<void> {
  const page = await response.text()
  expect(response.status).toBe(502)
  expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  expect(page).toContain('Start again')
  expect(page).not.toMatch(/alert\(1\)|server_error|invalid_grant|at \w+ \(|node:|127\.0\.0\.1/)
  expect(tookMs).toBeLessThan(4000)
  expect(await inventory(context)).toEqual({ users: [], keys: [] })
}

describe.concurrent('a sign-in at a provider that misbehaves ends in a clean 502 page within the set time', () => {
  const cases = endpoints.flatMap((endpoint) => ways.map((way) => [endpoint, way] as const))
  test.each(cases)(
    '%s: %s',
    async (endpoint, way) => {
      await withFresh(async (context) => {
        Object.assign(context.wrong.behaviour, { [endpoint]: way })
        const begunAt = performance.now()
        const response = await signInWrong(context, asPage)
        expect(response.headers.getSetCookie().every((line) => /Max-Age=0/.test(line))).toBe(true)
        await expectCleanFailure(context, response, performance.now() - begunAt)
        const [event, ...others] = await auditOf(context, 'sign_in.refused')
        expect(others).toEqual([])
        expect(event.facts.reason).toMatch(/^(token|userinfo|id_token|provider)_[a-z_]+$/)
        expect([...context.wrong.requests.keys()].filter((path) => path.startsWith('/elsewhere'))).toEqual([])
      })
    },
    8000,
  )

  test.each(ways)('discovery: %s, at the login already, without a cookie', async (way) => {
    await withFresh(async (context) => {
      context.wrong.behaviour.discoveryEndpoint = way
      const begunAt = performance.now()
      const response = await context.gateway.fetch('/auth/login', { headers: asPage })
      expect(response.headers.getSetCookie()).toEqual([])
      expect(response.headers.get('location')).toBeNull()
      await expectCleanFailure(context, response, performance.now() - begunAt)
      expect(context.wrong.requests.get('/elsewhere/.well-known/openid-configuration')).toBeUndefined()
      // A failure is not remembered: no restart is needed when the provider is well again.
      context.wrong.behaviour.discoveryEndpoint = 'ok'
      expect((await signInWrong(context)).status).toBe(200)
    })
  })

  test.each(['error-invalid-grant', 'no-id-token'] as const)('token: %s', async (token) => {
    await withFresh(async (context) => {
      context.wrong.behaviour.token = token
      await expectCleanFailure(context, await signInWrong(context, asPage), 0)
    })
  })

  test('a provider that goes down between login and callback, and is back for the next try', async () => {
    await withFresh(async (context) => {
      const attempt = await begin(context)
      const path = await callbackOf(attempt)
      await context.wrong.down()
      await expectCleanFailure(context, await attempt.jar.fetch(path, { headers: asPage }), 0)
      await context.wrong.up()
      expect((await signInWrong(context)).status).toBe(200)
    })
  })

  test('a provider that hangs holds up neither health, nor validation, nor another login', async () => {
    await withFresh(
      async (context) => {
        context.wrong.behaviour.token = 'hang'
        let isOver = false
        const stuck = Promise.all(Array.from({ length: 20 }, () => signInWrong(context))).finally(() => {
          isOver = true
        })
        for (const path of ['/healthz', '/readyz', '/v1/validate', '/auth/login'])
          expect((await context.gateway.fetch(path)).status).toBeLessThan(500)
        expect(isOver).toBe(false)
        expect((await stuck).map(({ status }) => status)).toEqual(Array(20).fill(502))
      },
      { PROVIDER_TIMEOUT: '3s' },
    )
  })
})

describe.concurrent('a discovery document is refused at the login', () => {
  type Document = Record<string, unknown>
  const documents: [string, (document: Document) => Document][] = [
    ['whose issuer has a slash more', (right) => ({ ...right, issuer: `${right.issuer}/` })],
    ['whose issuer differs by a letter', (right) => ({ ...right, issuer: `${right.issuer}0` })],
    ['whose issuer differs in case', (right) => ({ ...right, issuer: String(right.issuer).toUpperCase() })],
    ['whose issuer is a list', (right) => ({ ...right, issuer: [right.issuer] })],
    ...['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri'].map(
      (name): [string, (document: Document) => Document] => [
        `without ${name}`,
        (right) => ({ ...right, [name]: undefined }),
      ],
    ),
    ['with a token endpoint over plain http', (right) => ({ ...right, token_endpoint: 'http://idp.test/t' })],
    ['with keys in a file', (right) => ({ ...right, jwks_uri: 'file:///etc/passwd' })],
    [
      'with an authorization endpoint that is a script',
      (right) => ({ ...right, authorization_endpoint: 'javascript:alert(1)' }),
    ],
    [
      'with an authorization endpoint that is no URL',
      (right) => ({ ...right, authorization_endpoint: '/authorize' }),
    ],
    [
      'with a UserInfo endpoint on loopback in disguise',
      (right) => ({ ...right, userinfo_endpoint: 'http://127.0.0.1.evil.test/u' }),
    ],
    ['that is a list', (right) => [right] as never],
  ]
  test.each(documents)('%s', async (_, discovery) => {
    await withFresh(async (context) => {
      context.wrong.behaviour.discovery = discovery as Behaviour['discovery']
      const response = await context.gateway.fetch('/auth/login', { headers: asPage })
      await expectCleanFailure(context, response, 0)
      expect(response.headers.get('location')).toBeNull()
    })
  })

  test('where the setting has the slash and the document has not', async () => {
    await withFresh(async (context) => {
      await context.gateway.restart({ GOOGLE_ISSUER: `${context.wrong.issuer}/` })
      expect((await context.gateway.fetch('/auth/login')).status).toBe(502)
    })
  })
})

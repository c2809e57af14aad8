import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, startDesk } from '../../support/desk.ts'
import { sendRaw } from '../../support/raw-request.ts'

const app = 'https://app.example.com'
const other = 'https://other.example.com:8443'
const exposed = 'X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, X-Key-Lease-Until, X-Key-Retires-At'

/** What of CORS an answer carries. */
function corsOf({ headers }: Response) {
  return Object.fromEntries([...headers].filter(([name]) => /^(access-control|vary$)/.test(name)))
}

describe('pages at CORS_ALLOW_ORIGINS', () => {
  let desk: Desk
  let key: string
  const ask = (path: string, origin: string, init: RequestInit = {}) =>
    desk.gateway.fetch(path, { ...init, headers: { origin, ...init.headers } })
  const askBefore = (path: string, origin: string, method = 'POST') =>
    ask(path, origin, {
      method: 'OPTIONS',
      headers: {
        'access-control-request-method': method,
        'access-control-request-headers': 'x-api-key, content-type',
        'sec-fetch-site': 'cross-site',
      },
    })
  beforeAll(async () => {
    desk = await startDesk({ CORS_ALLOW_ORIGINS: `${app}, ${other}` })
    key = await desk.mint()
  })
  afterAll(() => desk?.close())

  test.each(['/v1/validate', '/v1/key', '/v1/introspect', '/v1/revoke', '/auth/exchange'])(
    'may ask beforehand whether they may call %s',
    async (path) => {
      for (const origin of [app, other]) {
        const answer = await askBefore(path, origin)
        expect(answer.status).toBe(204)
        expect(await answer.text()).toBe('')
        expect(corsOf(answer)).toEqual({
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET, HEAD, POST',
          'access-control-allow-headers': 'X-API-Key, Authorization, Content-Type, Idempotency-Key',
          'access-control-max-age': '600',
          'access-control-expose-headers': exposed,
          vary: 'Origin',
        })
        expect(answer.headers.get('x-request-id')).toMatch(/^req_/)
      }
    },
  )

  test('read the answer to a good key, and how much of its limit is left', async () => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await ask('/v1/validate', app, {
        method,
        headers: { 'x-api-key': key, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
      })
      expect(answer.status, method).toBe(200)
      expect(corsOf(answer), method).toEqual({
        'access-control-allow-origin': app,
        'access-control-expose-headers': exposed,
        vary: 'Origin',
      })
    }
  })

  test.each([
    ['no key', 'GET', '/v1/validate', 401],
    ['no key of ours', 'GET', '/v1/key', 401],
    ['an unknown parameter', 'GET', '/v1/validate?unknown=1', 400],
    ['a method that there is not', 'DELETE', '/v1/validate', 405],
    ['a path that there is not', 'GET', '/v1/nothing', 404],
    ['a path that there is not, among the well-known', 'GET', '/.well-known/nothing', 404],
    ['a body that is no form', 'POST', '/v1/revoke', 415],
    ['a body of another kind', 'POST', '/auth/exchange', 415],
  ])('read errors as well: %s', async (what, method, path, status) => {
    const headers = what.startsWith('no key') ? { 'x-api-key': 'x' } : { 'x-api-key': key }
    const answer = await ask(path, app, { method, headers })
    expect(answer.status).toBe(status)
    expect(corsOf(answer)).toMatchObject({ 'access-control-allow-origin': app, vary: 'Origin' })
  })

  test.each([
    'https://evil.test',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.test',
    'https://evil.test?https://app.example.com',
    'https://APP.example.com',
    'https://app.example.com/',
    `${app}, ${other}`,
    'null',
    '*',
    '',
  ])('are those of the list and no other: not %j', async (origin) => {
    const read = await ask('/v1/validate', origin, { headers: { 'x-api-key': key } })
    expect(corsOf(read)).toEqual({ vary: 'Origin' })
    const asked = await askBefore('/v1/validate', origin)
    expect(asked.status).toBe(405)
    expect(corsOf(asked)).toEqual({ vary: 'Origin' })
    const written = await ask('/v1/validate', origin, { method: 'POST', headers: { 'x-api-key': key } })
    expect(written.status).toBe(403)
    expect(corsOf(written)).toEqual({ vary: 'Origin' })
  })

  test('are one origin: two lines of it allow nothing', async () => {
    const answer = await sendRaw(desk.gateway.url, {
      method: 'GET',
      path: '/v1/validate',
      headers: [
        ['X-API-Key', key],
        ['Origin', app],
        ['Origin', app],
      ],
    })
    expect(answer?.headers['access-control-allow-origin']).toBeUndefined()
  })

  test.each([
    '/',
    '/admin/keys',
    '/auth/session',
    '/auth/logout',
    '/auth/exchange/x',
    '/account',
    '/console',
    '/healthz',
    '/openapi.json',
    '/v1',
    '/v1validate',
  ])('may call nothing else: not %s', async (path) => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const answer = await ask(path, app, {
        method,
        headers: {
          authorization: `Bearer ${desk.gateway.masterKey}`,
          'access-control-request-method': 'GET',
        },
      })
      expect(corsOf(answer), method).toEqual({})
      expect([200, 401, 403, 404, 405]).toContain(answer.status)
      if (method === 'POST') expect(answer.status).toBe(403)
    }
  })

  test('cost services nothing: an answer to who names no origin is as it was', async () => {
    expect(corsOf(await desk.validate(key))).toEqual({})
    expect(corsOf(await desk.gateway.fetch('/v1/key', { headers: { 'x-api-key': key } }))).toEqual({
      vary: 'Origin',
    })
  })
})

describe('without CORS_ALLOW_ORIGINS', () => {
  test('no page of another origin reads or sends anything', async () => {
    const desk = await startDesk()
    const headers = { origin: app, 'x-api-key': await desk.mint(), 'access-control-request-method': 'POST' }
    for (const [method, status] of [
      ['GET', 200],
      ['OPTIONS', 405],
      ['POST', 403],
    ] as const) {
      const answer = await desk.gateway.fetch('/v1/validate', { method, headers })
      expect(answer.status).toBe(status)
      expect(corsOf(answer)).toEqual({})
    }
    await desk.close()
  })
})

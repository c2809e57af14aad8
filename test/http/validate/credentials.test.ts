import argon2 from 'argon2'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { json } from '../../support/json.ts'
import { sendRaw } from '../../support/negative-suite.ts'
import { keyFor, startSignInGateway } from '../../support/sign-in.ts'

describe('the credential of a validation', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  let key: string
  beforeAll(async () => {
    context = await startSignInGateway({ FAILURE_RATE_LIMIT: 'off', AUTH_RATE_LIMIT: 'off' })
    key = await keyFor(context, 'alice@example.com')
  })
  afterAll(() => context.close())

  const ask = (headers: Record<string, string>, path = '/v1/validate', init: RequestInit = {}) =>
    context.gateway.fetch(path, { ...init, headers })
  const codeOf = async (response: Response) => (await json(response)).code ?? 'valid'

  test.each([
    ['X-API-Key', (text: string) => ({ 'x-api-key': text })],
    ['Authorization: Bearer', (text: string) => ({ authorization: `Bearer ${text}` })],
    ['Authorization: bearer, in any case', (text: string) => ({ authorization: `bEARER ${text}` })],
    [
      'Bearer with several spaces (RFC 6750: 1*SP)',
      (text: string) => ({ authorization: `Bearer   ${text}` }),
    ],
  ])('may be given as %s, by GET and by POST', async (_, headers) => {
    expect((await ask(headers(key))).status).toBe(200)
    expect((await ask(headers(key), '/v1/validate', { method: 'POST' })).status).toBe(200)
    expect((await ask(headers(key), '/v1/validate', { method: 'HEAD' })).status).toBe(200)
  })

  test('given twice is refused, even when both are the same good key', async () => {
    const both = await ask({ 'x-api-key': key, authorization: `Bearer ${key}` })
    expect(both.status).toBe(401)
    expect(await codeOf(both)).toBe('invalid_key')
    for (const lines of [
      [
        ['X-API-Key', key],
        ['X-API-Key', key],
      ],
      [
        ['X-API-Key', key],
        ['x-api-key', 'garbage'],
      ],
      [
        ['Authorization', `Bearer ${key}`],
        ['Authorization', `Bearer ${key}`],
      ],
      [
        ['Authorization', `Bearer ${key}`],
        ['authorization', 'Basic eDp5'],
      ],
      [
        ['X-API-Key', key],
        ['Authorization', 'Basic eDp5'],
      ],
      [
        ['X-API-Key', ''],
        ['Authorization', `Bearer ${key}`],
      ],
    ] as const) {
      const answer = await sendRaw(context.gateway.url, { path: '/v1/validate', headers: lines })
      expect(answer?.status, JSON.stringify(lines.map(([name]) => name))).toBe(401)
    }
  })

  test('in the query or the path is refused with 401 or 404 even when it is good, and is never logged', async () => {
    for (const query of [
      `?key=${key}`,
      `?api_key=${key}`,
      `?scope=${key}`,
      `?x-api-key=${key}`,
      `?a=b&${key}`,
      `?access_token=${key}`,
    ]) {
      expect((await ask({}, `/v1/validate${query}`)).status, query.slice(0, 12)).toBe(401)
      const withHeader = await ask({ 'x-api-key': key }, `/v1/validate${query}`)
      expect(withHeader.status).toBe(401)
      expect(await codeOf(withHeader)).toBe('invalid_key')
    }
    expect((await ask({ 'x-api-key': key }, `/v1/validate/${key}`)).status).toBe(404)
    expect((await ask({}, `/${key}`)).status).toBe(404)
    // Escaped it is no parameter of ours.
    const escaped = key.replaceAll('_', '%5F')
    expect([400, 401]).toContain((await ask({ 'x-api-key': key }, `/v1/validate?key=${escaped}`)).status)
    expect((await ask({}, `/v1/validate?key=${escaped}`)).status).toBe(401)
    expect(context.gateway.log.join('')).not.toContain(key.slice(16, 36))
  })

  test('cut, lengthened, in other case, padded or with white space inside is 401 invalid_key', async () => {
    const variants = [1, 2, 15, 16, 17, 59, 60].map((cut) => key.slice(0, -cut))
    variants.push(
      `${key}0`,
      `${key}=`,
      `${key}${key}`,
      key.toUpperCase(),
      key.slice(1),
      `k${key}`,
      `"${key}"`,
    )
    variants.push(
      `${key.slice(0, 30)} ${key.slice(30)}`,
      `${key.slice(0, 30)}\t${key.slice(30)}`,
      `${key},`,
      `${key};`,
    )
    for (const text of variants) {
      const places: Record<string, string>[] = [{ 'x-api-key': text }, { authorization: `Bearer ${text}` }]
      for (const headers of places) {
        const response = await ask(headers)
        expect(response.status, text).toBe(401)
        expect(await codeOf(response)).toBe('invalid_key')
      }
    }
  })

  test.each([
    "' OR '1'='1",
    "kd_' OR 1=1--_x",
    '%',
    '_',
    '*',
    '\\',
    '"',
    '#{7*7}',
    '../../etc/passwd',
    '{"$ne":null}',
    'null',
    '0',
    'x'.repeat(10_000),
  ])('the text %j is 401 on a miss and beside a hit', async (text) => {
    expect((await ask({ 'x-api-key': text })).status).toBe(401)
    expect((await ask({ 'x-api-key': key })).status).toBe(200)
  })

  test('two keys with the same beginning, or the same id, never share an answer', async () => {
    const other = await keyFor(context, 'ada@example.com')
    const first = await json(await ask({ 'x-api-key': key }))
    expect((await json(await ask({ 'x-api-key': other }))).user.email).toBe('ada@example.com')
    expect(first.user.email).toBe('alice@example.com')
    expect((await ask({ 'x-api-key': key.slice(0, 16) + other.slice(16) })).status).toBe(401)
    expect((await ask({ 'x-api-key': other.slice(0, 16) + key.slice(16) })).status).toBe(401)
  })

  test('forged, mistyped and cut keys cost no hash, however many come', async () => {
    const fresh = await keyFor(context, 'alice@example.com')
    const hashing = vi.spyOn(argon2, 'verify')
    try {
      expect((await ask({ 'x-api-key': fresh })).status).toBe(200)
      // Shows that the spy sees the hashing of a key that is not known yet, and that a known one costs none.
      expect(hashing).toHaveBeenCalledTimes(1)
      expect((await ask({ 'x-api-key': fresh })).status).toBe(200)
      expect(hashing).toHaveBeenCalledTimes(1)
      const forged = Array.from({ length: 300 }, (_, index) => {
        const tail = index.toString(16).padStart(16, '0')
        return index % 2 === 0 ? fresh.slice(0, -16) + tail : `kd_${'0'.repeat(12)}_${'a'.repeat(43)}${tail}`
      })
      const answers = await Promise.all(forged.map((text) => ask({ 'x-api-key': text })))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
      expect(hashing).toHaveBeenCalledTimes(1)
    } finally {
      hashing.mockRestore()
    }
  })

  test('100 first uses of one key at once cost one hash', async () => {
    const fresh = await keyFor(context, 'alice@example.com')
    const hashing = vi.spyOn(argon2, 'verify')
    try {
      const answers = await Promise.all(Array.from({ length: 100 }, () => ask({ 'x-api-key': fresh })))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(hashing.mock.calls.length).toBeLessThanOrEqual(2)
    } finally {
      hashing.mockRestore()
    }
  })

  test('a cookie does not help a bad key', async () => {
    const response = await ask({
      'x-api-key': 'kd_x',
      cookie: `session=${key}; __Host-keydesk-session=${key}`,
    })
    expect(response.status).toBe(401)
  })

  test('a POST takes no body', async () => {
    const post = (body: string, headers: Record<string, string> = {}) =>
      ask({ 'x-api-key': key, ...headers }, '/v1/validate', { method: 'POST', body })
    for (const body of ['x', '{"scope":["a"]}', `{"key":"${key}"}`, 'scope=a', ' x ']) {
      const response = await post(body, { 'content-type': 'application/json' })
      expect(response.status).toBe(400)
      expect(await response.text()).not.toContain(key.slice(16, 36))
    }
    expect((await post('')).status).toBe(200)
    expect((await ask({}, '/v1/validate', { method: 'POST', body: 'x' })).status).toBe(401)
  })

  test('a POST that a page of another site sends is refused', async () => {
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.test' },
      { origin: 'null' },
    ]
    for (const headers of foreign) {
      const response = await ask({ 'x-api-key': key, ...headers }, '/v1/validate', { method: 'POST' })
      expect(response.status).toBe(403)
    }
  })
})

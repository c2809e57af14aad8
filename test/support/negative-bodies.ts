import { describe, expect, test } from 'vitest'
import {
  expectContract,
  goodHeaders,
  type NegativeContext,
  ordinaryBody,
  type RouteEntry,
  stateOf,
  targetOf,
  typedHeaders,
} from './negative-contract.ts'
import { type RawHeaders, sendRaw } from './raw-request.ts'

const jsonType = ['Content-Type', 'application/json'] as const

/** The second half of the shared negative suite: bodies, and garbage in every header that anybody reads. */
export function negativeBodiesAndHeaders(entry: RouteEntry, context: () => NegativeContext) {
  const [method = ''] = entry.route.split(' ')
  const good = (): RawHeaders => goodHeaders(entry, context())
  const send = (headers: RawHeaders, body?: string | Buffer) =>
    sendRaw(context().gateway.url, {
      method,
      path: targetOf(entry),
      headers,
      ...(body === undefined ? {} : { body }),
    })
  const ordinary = ordinaryBody(entry)
  const typed = (headers: RawHeaders) => typedHeaders(entry, headers)

  describe(`${entry.route}: bodies and headers`, () => {
    if (entry.body === 'json')
      test('refuses what is no JSON object of its own, and names unknown fields', async () => {
        const before = await stateOf(context().gateway)
        const malformed = [
          '',
          ' ',
          '{',
          '}',
          '[]',
          'null',
          '"x"',
          '1',
          '{"name":',
          "{'name':1}",
          '{"a":1}x',
          '\u0000',
          '{"name":"\u0000"}',
        ]
        malformed.push('['.repeat(30_000), '{"a":'.repeat(10_000), 'NaN', '{"__proto__":{"name":"x"}}')
        const nested = '['.repeat(30_000).concat(']'.repeat(30_000))
        malformed.push(
          nested,
          `{"metadata":${nested}}`,
          `{"metadata":{"a":${nested}},"user_id":"x","name":"x"}`,
        )
        for (const body of [
          ...malformed,
          Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
          Buffer.from([0xef, 0xbb, 0xbf, 0x7b]),
        ]) {
          const answer = await send([...good(), jsonType], body)
          expectContract(answer, String(body).slice(0, 60))
          expect(answer.status, `${String(body).slice(0, 60)} of ${body.length}`).toBe(400)
        }
        for (const field of [
          'id',
          'role',
          'userId',
          'createdAt',
          'created_at',
          'secret_hash',
          'constructor',
          'revoked_at',
        ]) {
          const answer = await send([...good(), jsonType], JSON.stringify({ [field]: 'x' }))
          expectContract(answer, field)
          expect(answer.status, field).toBe(400)
          expect(JSON.parse(answer.body).detail, field).toContain(field)
        }
        expect(await stateOf(context().gateway)).toEqual(before)
      })

    if (entry.body === 'json')
      test('answers 415 to any other media type', async () => {
        for (const type of [
          '',
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'text/json',
          'application/jsonp',
          'application/problem+json',
          'json',
          'é',
          '*/*',
          'application/json, text/plain',
        ]) {
          if (entry.takesForm === true && type === 'application/x-www-form-urlencoded') continue
          const answer = await send([...good(), ['Content-Type', type]], '{}')
          expectContract(answer, type)
          expect(answer.status, type).toBe(415)
        }
        expect((await send(good(), '{}'))?.status).toBe(415)
        for (const type of [
          'Application/JSON',
          'application/json; charset=utf-8',
          'application/json;x="y"',
        ]) {
          const answer = await send([...good(), ['Content-Type', type]], ordinary)
          expect(answer?.status, type).toBe(entry.status)
        }
      })

    if (entry.body === 'form')
      test('refuses what is no form of its own, and any other media type', async () => {
        const before = await stateOf(context().gateway)
        const [field = ''] = (ordinary ?? '').split('=')
        const malformed = ['', ' ', 'x', '&', '=', field, `${field}=`, `${field}=%00`, `${field}=%ff`, '{}']
        malformed.push(`${ordinary}&${ordinary}`, `${ordinary}&unknown=1`, `unknown=1&${ordinary}`)
        malformed.push(`${field}[]=1`, `${field.toUpperCase()}=google`, `${field}=${'x'.repeat(9000)}`)
        for (const body of malformed) {
          const answer = await send(typed(good()), body)
          expectContract(answer, body.slice(0, 60))
          // A value of the right form may be called the name of nothing.
          expect([400, entry.status], body.slice(0, 60)).toContain(answer.status)
        }
        for (const type of ['', 'text/plain', 'application/json', 'multipart/form-data; boundary=x', '*/*']) {
          const answer = await send([...good(), ['Content-Type', type]], ordinary)
          expectContract(answer, type)
          expect(answer.status, type).toBe(415)
        }
        expect((await send(good(), ordinary))?.status).toBe(415)
        expect(await stateOf(context().gateway)).toEqual(before)
      })

    test('refuses a body that is too large, announced or in chunks', async () => {
      const large = `{"name":"${'x'.repeat(70 * 1024)}"}`
      const before = await stateOf(context().gateway)
      const announced = await send([...good(), jsonType], large)
      expectContract(announced, 'announced')
      if (entry.body !== 'unread') {
        const refusal = entry.body === 'refused' ? [400, 413] : [413]
        expect(refusal).toContain(announced.status)
        const chunk = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`
        const chunked = await send([...good(), jsonType, ['Transfer-Encoding', 'chunked']], chunk)
        expectContract(chunked, 'chunked')
        expect(refusal).toContain(chunked.status)
      }
      expect(await stateOf(context().gateway)).toEqual(before)
    })

    if (entry.body === 'refused')
      test('refuses any body', async () => {
        for (const body of ['x', '{"scope":"a"}', 'scope=a'])
          expect((await send([...good(), jsonType], body))?.status).toBe(400)
      })

    test('answers garbage in any header by its contract: never a pass on a credential, never a 5xx', async () => {
      const values: (string | Buffer)[] = [
        '',
        "' OR '1'='1",
        '"',
        '\\',
        '<script>',
        '$\u007bjndi:x}',
        '%00%0d%0a',
        ',,,',
        ';;=;',
        'é🔑',
        'a'.repeat(10_000),
      ]
      values.push(Buffer.from([0xff, 0xfe, 0x80]), Buffer.from([0xc0, 0x80]), '\t', '-1', '1e999', '[]')
      const names = [
        'X-API-Key',
        'Authorization',
        'Cookie',
        'X-Forwarded-For',
        'X-Forwarded-Proto',
        'X-Forwarded-Host',
        'Forwarded',
        'Accept',
        'Origin',
        'Sec-Fetch-Site',
        'User-Agent',
        'Referer',
        'X-Request-Id',
        'Sec-Purpose',
        'If-None-Match',
        'Range',
      ]
      const before = await stateOf(context().gateway)
      for (const name of names) {
        for (const value of values) {
          const credential = good().filter(([own]) => own !== name)
          const what = `${name}: ${String(value).slice(0, 30)}`
          const answer = await send(typed([...credential, [name, value]]), ordinary)
          expectContract(answer, what)
          if (entry.credential !== 'none' && credential.length === 0) expect(answer.status, what).toBe(401)
        }
      }
      expect(await stateOf(context().gateway)).toEqual(before)
    })

    test('refuses NUL, bare line ends and 1 MB in a header before there is a request, in the same form', async () => {
      for (const [name, value] of [
        ['X-API-Key', 'a\u0000b'],
        ['Cookie', 'a\nb'],
        ['User-Agent', 'a\rb'],
        ['X-API-Key', 'x'.repeat(1_000_000)],
        ['Cookie', 'x'.repeat(20_000)],
      ] as const) {
        const answer = await send(typed([[name, value]]), ordinary)
        // A megabyte may still be on its way when the answer comes, and the connection is reset then.
        if (answer === null && value.length > 100_000) continue
        expectContract(answer, `${name} ${value.length}`)
        expect([400, 401, 413], `${name} ${value.length}`).toContain(answer.status)
      }
    })
  })
}

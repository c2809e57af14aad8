import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/domain/errors.ts'
import type { TestGateway } from './gateway.ts'

/** What the suite must know of a route to attack it. */
export interface RouteEntry {
  /** As it is registered: `GET /admin/keys/:id`. */
  readonly route: string
  /** A request path that changes nothing even with a good credential: for what deletes, the id of nothing. */
  readonly path: string
  /** What `path` answers with a good credential. */
  readonly status: number
  readonly credential: 'none' | 'key' | 'master' | 'metrics'
  /** Parameters that may be given once, and whether any other is refused. */
  readonly query: { readonly once: readonly string[]; readonly others: 'refused' | 'ignored' }
  /** `json`: wants one; `refused`: takes none, and says so; `unread`: GET and DELETE. */
  readonly body: 'json' | 'refused' | 'unread'
  /** Paths of the same route for objects that are not there. */
  readonly unknownObjects?: readonly string[]
}

export interface NegativeContext {
  readonly gateway: TestGateway
  /** A header line with the good credential of each kind. */
  readonly credentials: Readonly<Record<'key' | 'master' | 'metrics', readonly [string, string]>>
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': expect.stringMatching(
    /(?=.*object-src 'none')(?=.*base-uri 'none')(?=.*frame-ancestors 'none')/,
  ),
}

/** Whether Node's parser refused it before there was a request: `negative.test.ts` looks at those by themselves. */
const isParserRefusal = (answer: RawAnswer) =>
  /not a well-formed HTTP request|headers are larger/.test(answer.body)

/** What every answer of Keydesk has in common, errors and all. */
export function expectContract(
  answer: RawAnswer | null,
  what: string,
  options: { parserToo?: boolean } = {},
): asserts answer is RawAnswer {
  expect(answer, `${what}: no answer`).not.toBeNull()
  if (answer === null) return
  const { status, headers, body } = answer
  expect(status, `${what}: ${body.slice(0, 300)}`).toBeLessThan(500)
  expect(headers, what).toMatchObject({
    'x-request-id': expect.stringMatching(/^req_[0-9A-Za-z]{8,}$/),
  })
  if (options.parserToo === true || !isParserRefusal(answer))
    expect(headers, what).toMatchObject(securityHeaders)
  expect(headers['access-control-allow-origin'], what).toBeUndefined()
  expect(headers['x-powered-by'] ?? headers.server, what).toBeUndefined()
  if (status === 401) expect(headers['www-authenticate'], what).toMatch(/^Bearer realm="keydesk"/)
  if (status < 400) return
  expect(headers['content-type'], what).toBe('application/problem+json')
  expect(headers['cache-control'], what).toBe('no-store')
  if (body === '') return
  const problem = JSON.parse(body)
  expect(Object.keys(problem).sort(), what).toEqual([
    'code',
    'detail',
    'request_id',
    'status',
    'title',
    'type',
  ])
  const known = errorCodes[problem.code as keyof typeof errorCodes]
  expect(problem, what).toMatchObject({
    status,
    type: `urn:keydesk:error:${problem.code}`,
    request_id: headers['x-request-id'],
  })
  expect(known, `${what}: unknown code ${problem.code}`).toMatchObject({ status, title: problem.title })
  expect(body, what).not.toMatch(/node_modules|\.ts:|SQLITE|relation "|ZodError|at \w+ \(/)
}

/** Everything that a refused request must leave as it was. */
export async function stateOf(gateway: TestGateway): Promise<unknown> {
  const tables = ['users', 'identities', 'api_keys', 'keyring', 'used_attempts']
  return Promise.all(tables.map((table) => gateway.database.rows(`SELECT * FROM ${table}`)))
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
const jsonType = ['Content-Type', 'application/json'] as const

/** The shared negative suite: what every route owes to whoever sends it something wrong (design §8.9). */
export function negativeSuite(
  entry: RouteEntry,
  siblings: readonly RouteEntry[],
  context: () => NegativeContext,
) {
  const [method = '', pattern = ''] = entry.route.split(' ')
  const body = entry.body === 'json' ? '{}' : undefined

  const good = (): RawHeaders =>
    entry.credential === 'none' ? [] : [context().credentials[entry.credential]]
  const ask = (
    path: string,
    headers: RawHeaders = good(),
    request: { method?: string; body?: string | Buffer } = {},
  ) => {
    const typed = entry.body === 'json' && !headers.some(([name]) => /^content-type$/i.test(name))
    return sendRaw(context().gateway.url, {
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...request,
      headers: typed ? [...headers, jsonType] : headers,
    })
  }
  const askUnchanged = async (...question: Parameters<typeof ask>) => {
    const before = await stateOf(context().gateway)
    const answer = await ask(...question)
    expect(await stateOf(context().gateway)).toEqual(before)
    return answer
  }

  describe(entry.route, () => {
    test('answers the harmless request of its entry', async () => {
      const answer = await askUnchanged(entry.path)
      expectContract(answer, entry.path)
      expect(answer.status, answer.body).toBe(entry.status)
    })

    if (entry.credential !== 'none')
      test('refuses no credential, and every wrong one', async () => {
        const right = context().credentials[entry.credential as 'key'][1]
        const wrong: RawHeaders = [
          ...[
            '',
            'x',
            'null',
            'undefined',
            'Bearer',
            'Bearer ',
            'Basic YTpi',
            `Bearer ${'0'.repeat(64)}`,
          ].map((value) => ['Authorization', value] as const),
          ...[`${right}x`, right.slice(0, -1), `${right} x`, right.toUpperCase(), `${right},${right}`].map(
            (value) => [context().credentials[entry.credential as 'key'][0], value] as const,
          ),
          ['X-API-Key', ''],
          ['X-API-Key', 'kd_000000000000_'.concat('0'.repeat(59))],
          ['Cookie', `session=${right}; __Host-keydesk=${right}`],
        ]
        for (const headers of [[], ...wrong.map((line) => [line])]) {
          const answer = await askUnchanged(entry.path, headers)
          expectContract(answer, JSON.stringify(headers))
          expect(answer.status, JSON.stringify(headers)).toBe(401)
        }
        // The credentials of other doors, and the right one in the wrong place.
        for (const [kind, [, value]] of Object.entries(context().credentials)) {
          const bare = value.replace(/^Bearer /, '')
          const lines: RawHeaders = [
            ['X-Authorization', value],
            ['Proxy-Authorization', value],
            ...(kind === entry.credential
              ? []
              : [['Authorization', `Bearer ${bare}`] as const, ['X-API-Key', bare] as const]),
          ]
          for (const line of lines)
            expect((await ask(entry.path, [line]))?.status, `${kind} as ${line[0]}`).toBe(401)
          expect(
            (await ask(`${entry.path}${entry.path.includes('?') ? '&' : '?'}access_token=${bare}`, []))
              ?.status,
          ).toBe(401)
        }
      })

    test('answers 404 for what is not there, whatever the id', async () => {
      for (const path of entry.unknownObjects ?? []) {
        const answer = await askUnchanged(path)
        expectContract(answer, path)
        // An id that no engine can store may be called malformed instead.
        expect(path.includes('%00') ? [400, 404] : [404], path).toContain(answer.status)
      }
    })

    test('refuses a parameter that is not its own, and its own given twice', async () => {
      const refused = entry.query.others === 'refused' ? [400] : [entry.status]
      for (const name of ['unknown', 'constructor', 'toString', 'hasOwnProperty', 'scope[]', 'Limit']) {
        const answer = await askUnchanged(`${entry.path}?${name}=1`)
        expectContract(answer, name)
        expect(refused, `?${name}=1 answers ${answer.status}`).toContain(answer.status)
        if (entry.query.others === 'refused') expect(JSON.parse(answer.body).detail, name).toContain(name)
      }
      for (const name of entry.query.once) {
        const answer = await askUnchanged(`${entry.path}?${name}=1&${name}=1`)
        expectContract(answer, name)
        expect(answer.status, `${name} twice`).toBe(400)
        expect(JSON.parse(answer.body).detail).toContain(name)
      }
      for (const query of [
        '__proto__=1',
        '%',
        '%ff',
        '=',
        '&&',
        '%00=1',
        'a=%00',
        'é=é',
        '?',
        `a=${'b'.repeat(9000)}`,
        '%00%00%00',
      ]) {
        const answer = await askUnchanged(`${entry.path}?${query}`)
        expectContract(answer, `?${query.slice(0, 40)}`)
        expect([400, entry.status], `?${query.slice(0, 40)}`).toContain(answer.status)
      }
    })

    test('answers 405 with Allow to every other method, and nothing of ours to TRACE', async () => {
      const own = siblings
        .filter(({ route }) => route.split(' ')[1] === pattern)
        .map(({ route }) => route.split(' ')[0] ?? '')
      const allowed = new Set(own)
      if (allowed.has('GET') && !pattern.startsWith('/auth/')) allowed.add('HEAD')
      for (const other of methods.filter((name) => !allowed.has(name))) {
        const answer = await sendRaw(context().gateway.url, {
          method: other,
          path: entry.path,
          headers: good(),
        })
        expectContract(answer, other)
        expect(answer.status, other).toBe(405)
        expect(answer.headers.allow?.split(', ').sort(), other).toEqual(
          [...allowed].filter((name) => name !== 'HEAD' || !pattern.startsWith('/auth/')).sort(),
        )
      }
      for (const other of ['TRACE', 'TRACK', 'CONNECT']) {
        const answer = await sendRaw(context().gateway.url, {
          method: other,
          path: entry.path,
          headers: good(),
        })
        expect(answer?.status ?? 400, other).toBeLessThan(500)
        expect(answer?.status ?? 400, other).toBeGreaterThanOrEqual(400)
      }
    })

    test('is not reached past its rules by another spelling of its path', async () => {
      const path = entry.path
      const variants = [`${path}/`, `/${path}`, `/.${path}`, `/x/..${path}`, `${path}/.`, `${path}//`]
      variants.push(
        path.toUpperCase(),
        path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
      )
      variants.push(`${path}%00`, `${path};a=b`, `${path}.json`, `${path}%20`, `/%2e%2e${path}`)
      if (path.lastIndexOf('/') > 0) {
        variants.push(path.replace(/\/([^/]*)$/, '%2F$1'), path.replace(/\/([^/]*)$/, '/%2e/$1'))
      }
      const plain = (await ask(entry.path, []))?.status ?? 0
      for (const variant of variants.filter((each) => each !== path && each !== '/')) {
        const anonymous = await askUnchanged(variant, [])
        expectContract(anonymous, variant)
        expect(
          [400, 404, plain, entry.credential === 'master' ? 401 : 404],
          `${variant} answers ${anonymous.status}`,
        ).toContain(anonymous.status)
        const known = await askUnchanged(variant)
        expectContract(known, variant)
        expect([400, 404, entry.status], `${variant} answers ${known.status}`).toContain(known.status)
      }
    })
  })
}

/** The second half of the shared negative suite: bodies, and garbage in every header that anybody reads. */
export function negativeBodiesAndHeaders(entry: RouteEntry, context: () => NegativeContext) {
  const [method = ''] = entry.route.split(' ')
  const good = (): RawHeaders =>
    entry.credential === 'none' ? [] : [context().credentials[entry.credential]]
  const send = (headers: RawHeaders, body?: string | Buffer) =>
    sendRaw(context().gateway.url, {
      method,
      path: entry.path,
      headers,
      ...(body === undefined ? {} : { body }),
    })
  const ordinary = entry.body === 'json' ? '{}' : undefined
  const typed = (headers: RawHeaders): RawHeaders =>
    entry.body === 'json' && !headers.some(([name]) => /^content-type$/i.test(name))
      ? [...headers, jsonType]
      : headers

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
          expect((await send([...good(), ['Content-Type', type]], '{}'))?.status, type).toBe(400)
        }
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

/** An answer as it came over the wire. Header names are lower-case. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A header line as bytes: what `fetch` would normalize or refuse to send. */
export type RawHeaders = readonly (readonly [string, string | Buffer])[]

/**
 * Sends a request byte by byte as given, without any client in between that would tidy it up, and answers what came
 * back; null when the connection was closed without an answer. The connection is closed after each.
 */
export function sendRaw(
  url: string,
  request: { method?: string; path: string; headers?: RawHeaders; body?: string | Buffer },
): Promise<RawAnswer | null> {
  const { method = 'GET', path, headers = [], body } = request
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  const lines: (string | Buffer)[] = [`${method} ${path} HTTP/1.1\r\n`]
  if (!names.has('host')) lines.push(`Host: ${new URL(url).host}\r\n`)
  for (const [name, value] of headers) lines.push(`${name}: `, value, '\r\n')
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    lines.push(`Content-Length: ${Buffer.byteLength(body)}\r\n`)
  }
  lines.push('Connection: close\r\n\r\n')
  if (body !== undefined) lines.push(body)
  return sendBytes(url, Buffer.concat(lines.map((line) => Buffer.from(line))))
}

export function sendBytes(url: string, bytes: Buffer): Promise<RawAnswer | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const chunks: Buffer[] = []
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')))
    socket.on('data', (chunk) => chunks.push(chunk))
    // The gateway may answer and hang up before everything was sent: what it said counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(chunks))))
    socket.write(bytes)
  })
}

function parseAnswer(bytes: Buffer): RawAnswer | null {
  const text = bytes.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? []
  if (status === undefined || end === -1) return null
  const headers: Record<string, string> = {}
  for (const line of text.slice(0, end).split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const body = bytes.subarray(end + 4).toString('utf8')
  return {
    status: Number(status),
    headers,
    body: headers['transfer-encoding'] === undefined ? body : unchunk(body),
  }
}

function unchunk(body: string): string {
  return body.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/gi, '').replace(/\r\n\r\n$/, '')
}

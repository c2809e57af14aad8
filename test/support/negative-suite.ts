import { describe, expect, test } from 'vitest'
import {
  expectContract,
  goodHeaders,
  type NegativeContext,
  ordinaryBody,
  type RouteEntry,
  sameOrigin,
  stateOf,
  targetOf,
  typedHeaders,
} from './negative-contract.ts'
import { type RawHeaders, sendRaw } from './raw-request.ts'

export { sendRaw } from './raw-request.ts'

/** Signing in wants a visit: a HEAD would be nobody's wish. */
const wantsVisit = (pattern: string) => /^\/auth\/(login|callback)/.test(pattern)
const matches = (pattern: string, path: string) =>
  new RegExp(`^${pattern.replaceAll(/:[^/]+/g, '[^/]+')}$`).test(path)

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']

/** The shared negative suite: what every route owes to whoever sends it something wrong (design §8.9). */
export function negativeSuite(
  entry: RouteEntry,
  siblings: readonly RouteEntry[],
  context: () => NegativeContext,
) {
  const [method = '', pattern = ''] = entry.route.split(' ')
  const body = ordinaryBody(entry)
  const target = targetOf(entry)

  const good = (): RawHeaders => goodHeaders(entry, context())
  const ask = (
    path: string,
    headers: RawHeaders = good(),
    request: { method?: string; body?: string | Buffer } = {},
  ) => {
    return sendRaw(context().gateway.url, {
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...request,
      headers: typedHeaders(entry, headers),
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
      const answer = await askUnchanged(target)
      expectContract(answer, target)
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
          const answer = await askUnchanged(target, headers)
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
          for (const line of lines) {
            // At the admin API a key is a credential; a member's lacks the scope.
            const isKnown =
              kind === 'key' && entry.credential === 'master' && !/^(X|Proxy)-Auth/.test(line[0])
            expect((await ask(target, [line]))?.status, `${kind} as ${line[0]}`).toBe(isKnown ? 403 : 401)
          }
          const inQuery = await ask(targetOf(entry, `access_token=${encodeURIComponent(bare)}`), [])
          // Behind a session the parameters are read first: that one is none of them is told to anybody.
          expect(entry.credential === 'session' ? [400] : [401]).toContain(inQuery?.status)
        }
      })

    if (entry.credential === 'master')
      test('opens to the session of an admin too: not to a member, not beside a wrong header, not from another site', async () => {
        const { adminSession, credentials } = context()
        const statusOf = async (headers: RawHeaders) => {
          const answer = await askUnchanged(target, headers)
          expectContract(answer, JSON.stringify(headers.slice(1)))
          return answer.status
        }
        expect(await statusOf([adminSession, sameOrigin])).toBe(entry.status)
        expect(await statusOf([credentials.session, sameOrigin])).toBe(403)
        for (const wrong of [
          ['Authorization', 'Bearer x'],
          ['Authorization', ''],
          ['X-API-Key', `${credentials.key[1]}x`],
          ['X-API-Key', ''],
        ] as const)
          expect(await statusOf([adminSession, sameOrigin, wrong]), wrong.join(': ')).toBe(401)
        expect(await statusOf([adminSession, sameOrigin, credentials.key]), 'a key of a member').toBe(403)
        if (method === 'GET') return
        const { url } = context().gateway
        expect(await statusOf([adminSession]), 'nobody says who asks').toBe(403)
        expect(await statusOf([adminSession, ['Origin', url]])).toBe(entry.status)
        for (const line of [
          ['Sec-Fetch-Site', 'cross-site'],
          ['Sec-Fetch-Site', 'same-site'],
          ['Sec-Fetch-Site', 'none'],
          ['Sec-Fetch-Site', ''],
          ['Sec-Fetch-Site', 'Same-Origin'],
          ['Origin', 'https://evil.test'],
          ['Origin', 'null'],
          ['Origin', `${url}.evil.test`],
        ] as const) {
          expect(await statusOf([adminSession, line]), line.join(': ')).toBe(403)
          // Under our Referrer-Policy a browser says "null" of our own forms, and that they are ours beside it.
          const isHidden = line[1] === 'null'
          if (line[0] === 'Origin')
            expect(await statusOf([adminSession, sameOrigin, line])).toBe(isHidden ? entry.status : 403)
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
      const wrong = entry.refusedWith ?? 400
      const refused = entry.query.others === 'refused' ? [wrong] : [entry.status]
      for (const name of ['unknown', 'constructor', 'toString', 'hasOwnProperty', 'scope[]', 'Limit']) {
        const answer = await askUnchanged(targetOf(entry, `${name}=1`))
        expectContract(answer, name)
        expect(refused, `?${name}=1 answers ${answer.status}`).toContain(answer.status)
        if (entry.query.others === 'refused') expect(JSON.parse(answer.body).detail, name).toContain(name)
      }
      for (const name of entry.query.once) {
        const answer = await askUnchanged(targetOf(entry, `${name}=1&${name}=1`))
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
        const answer = await askUnchanged(targetOf(entry, query))
        expectContract(answer, `?${query.slice(0, 40)}`)
        expect([400, wrong, entry.status], `?${query.slice(0, 40)}`).toContain(answer.status)
      }
    })

    test.skipIf(entry.anyMethod === true)(
      'answers 405 with Allow to every other method, and nothing of ours to TRACE',
      async () => {
        const own = siblings
          .filter(({ route }) => matches(route.split(' ')[1] ?? '', entry.path))
          .map(({ route }) => route.split(' ')[0] ?? '')
        const allowed = new Set(own)
        if (allowed.has('GET') && !wantsVisit(pattern)) allowed.add('HEAD')
        for (const other of methods.filter((name) => !allowed.has(name))) {
          const answer = await sendRaw(context().gateway.url, {
            method: other,
            path: entry.path,
            headers: good(),
          })
          expectContract(answer, other)
          // A HEAD for something that is not there is told just that.
          if (other === 'HEAD' && allowed.has('GET') && entry.status === 404 && answer.status === 404)
            continue
          expect(answer.status, other).toBe(405)
          expect(answer.headers.allow?.split(', ').sort(), other).toEqual([...allowed].sort())
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
      },
    )

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
      const plain = (await ask(target, []))?.status ?? 0
      for (const variant of variants.filter((each) => each !== path && each !== '/')) {
        const anonymous = await askUnchanged(variant, [])
        expectContract(anonymous, variant)
        expect(
          [400, 404, plain, entry.credential === 'master' ? 401 : 404],
          `${variant} answers ${anonymous.status}`,
        ).toContain(anonymous.status)
        const known = await askUnchanged(variant)
        expectContract(known, variant)
        // 405 is another route's, of which the variant is an id.
        expect([400, 404, 405, entry.status], `${variant} answers ${known.status}`).toContain(known.status)
      }
    })
  })
}

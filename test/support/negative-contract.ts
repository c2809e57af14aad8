import { expect } from 'vitest'
import { errorCodes } from '../../src/domain/errors.ts'
import type { TestGateway } from './gateway.ts'
import type { RawAnswer, RawHeaders } from './raw-request.ts'

/** What the suite must know of a route to attack it. */
export interface RouteEntry {
  /** As it is registered: `GET /admin/keys/:id`. */
  readonly route: string
  /** A request path that changes nothing even with a good credential: for what deletes, the id of nothing. */
  readonly path: string
  /** What is put behind `path` where the path alone would do something: a parameter that is refused, with its `?`. */
  readonly harmless?: string
  /** What `path` answers with a good credential. */
  readonly status: number
  /** `master`: the session of an admin opens it too. */
  readonly credential: 'none' | 'key' | 'master' | 'metrics' | 'session'
  /** Parameters that may be given once, and whether any other is refused. */
  readonly query: { readonly once: readonly string[]; readonly others: 'refused' | 'ignored' }
  /** `json` and `form`: wants one; `refused`: takes none, and says so; `unread`: what is sent counts for nothing. */
  readonly body: 'json' | 'form' | 'refused' | 'unread'
  /** A form is taken in the place of JSON. */
  readonly takesForm?: true
  /** A body that goes with `path`; without it `{}` where JSON is wanted. */
  readonly ordinary?: string
  /** Lines that every request has to have: what a proxy says of the request that it asks about. */
  readonly told?: RawHeaders
  /** It answers to every method. */
  readonly anyMethod?: boolean
  /** What a parameter is refused with that is not its own; without it 400. */
  readonly refusedWith?: number
  /** Paths of the same route for objects that are not there. */
  readonly unknownObjects?: readonly string[]
}

export interface NegativeContext {
  readonly gateway: TestGateway
  /** A header line with the good credential of each kind. */
  readonly credentials: Readonly<Record<'key' | 'master' | 'metrics' | 'session', readonly [string, string]>>
  /** The session of an admin, as a header line; `credentials.session` is that of a member. */
  readonly adminSession: readonly [string, string]
}

/** What a browser says of a request that a page of ours makes. */
export const sameOrigin = ['Sec-Fetch-Site', 'same-origin'] as const

/** The good credential of a route. */
export function goodHeaders(entry: RouteEntry, context: NegativeContext): RawHeaders {
  if (entry.credential === 'none') return []
  const line = context.credentials[entry.credential]
  return entry.credential === 'session' ? [line, sameOrigin] : [line]
}

const bodyTypes = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  refused: null,
  unread: null,
}

/** The same headers with what the route has to be told and the media type that it wants, unless they name it. */
export function typedHeaders(entry: RouteEntry, headers: RawHeaders): RawHeaders {
  const type = bodyTypes[entry.body]
  const told = (entry.told ?? []).filter(([name]) => !headers.some(([own]) => own === name))
  return type === null || headers.some(([name]) => /^content-type$/i.test(name))
    ? [...told, ...headers]
    : [...told, ...headers, ['Content-Type', type]]
}

/** The body that goes with the harmless request of an entry. */
export function ordinaryBody(entry: RouteEntry): string | undefined {
  return entry.ordinary ?? (entry.body === 'json' ? '{}' : undefined)
}

/** The harmless request target of an entry, with more parameters. */
export function targetOf(entry: RouteEntry, query = ''): string {
  const parts = [query, entry.harmless?.slice(1) ?? ''].filter((part) => part !== '')
  return parts.length === 0 ? entry.path : `${entry.path}?${parts.join('&')}`
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
  expect(headers['cache-control'], what).toBe('no-store')
  if (body === '') return
  const problem = JSON.parse(body)
  // What OAuth clients read stands in it as well, and the type is the one that they know.
  const isOAuth = 'error' in problem
  expect(headers['content-type'], what).toBe(isOAuth ? 'application/json' : 'application/problem+json')
  expect(Object.keys(problem).sort(), what).toEqual([
    'code',
    'detail',
    ...(isOAuth ? ['error', 'error_description'] : []),
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

const tables = [
  'idempotency_records',
  'users',
  'identities',
  'api_keys',
  'keyring',
  'used_attempts',
  'access_rules',
  'invitations',
  'allowlist_copies',
]
// That a session was used may be written down by a request that is refused.
const ofSessions =
  'id, user_id, provider, secret_hash, app_secret_hash, address, user_agent, created_at, expires_at'

/** Everything that a refused request must leave as it was. */
export async function stateOf({ database }: Pick<TestGateway, 'database'>): Promise<unknown> {
  return database.rowsOfEach([
    ...tables.map((table) => `SELECT * FROM ${table} ORDER BY 1`),
    `SELECT ${ofSessions} FROM sessions ORDER BY id`,
  ])
}

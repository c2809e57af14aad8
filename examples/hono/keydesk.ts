import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { Caller, CallerEnvironment } from './caller.ts'

const passedOn = [401, 403, 429] as const
const headersPassedOn = ['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy']

/**
 * Takes `X-API-Key`, by asking Keydesk at every call: a revoked key is refused on its next use. What Keydesk says of the
 * key is passed on; whatever else happens is 503, never a pass.
 */
export function keydesk(options: {
  /** Where Keydesk is called. */
  readonly url: string
  /** The key has to carry each. */
  readonly scopes?: readonly string[]
  /** Its owner has to be in each. */
  readonly groups?: readonly string[]
  readonly timeoutMs?: number
  /** The caller's address, for keys that have allowed ones. It counts where Keydesk's TRUSTED_PROXIES name this service. */
  readonly addressOf?: (c: Context) => string | undefined
}) {
  const { scopes = [], groups = [], timeoutMs = 3000, addressOf } = options
  const asked = new URL('/v1/validate', options.url)
  for (const scope of scopes) asked.searchParams.append('scope', scope)
  for (const group of groups) asked.searchParams.append('group', group)

  return createMiddleware<CallerEnvironment>(async function keydeskMiddleware(c, next) {
    const key = c.req.header('x-api-key')
    if (!key) throw refusal(401, 'missing_key', 'Send your API key as the header X-API-Key.')
    if (!/^[!-+\--~]{1,200}$/.test(key)) throw refusal(401, 'invalid_key', 'The API key is not valid.')
    const headers = new Headers({ 'X-API-Key': key, Accept: 'application/json' })
    const address = addressOf?.(c)
    if (address !== undefined) headers.set('X-Forwarded-For', address)
    c.set('caller', await ask(asked, { headers, signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' }))
    await next()
  })
}

async function ask(url: URL, init: RequestInit): Promise<Caller> {
  let answer: Response
  let body: Partial<Validation> & { code?: string; detail?: string }
  try {
    answer = await fetch(url, init)
    body = (await answer.json()) as typeof body
    if (answer.status === 200) return callerOf(body)
  } catch (cause) {
    throw refusal(503, 'unavailable', 'Keydesk cannot be asked right now.', new Headers(), cause)
  }
  const headers = new Headers()
  for (const name of headersPassedOn) {
    const value = answer.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  const status = passedOn.find((candidate) => candidate === answer.status)
  if (status === undefined) throw refusal(503, 'unavailable', 'Keydesk cannot be asked right now.', headers)
  throw refusal(status, String(body?.code), String(body?.detail), headers)
}

/** Throws for what is not Keydesk's word for a good key. */
function callerOf({ valid, user, key }: Partial<Validation>): Caller {
  if (valid !== true || !user || !key) throw new Error('a 200 that does not say valid')
  const { id, email, name, role, groups } = user
  return { userId: id, method: 'key', email, name, roles: [role, ...groups], scopes: [...key.scopes] }
}

/** What `/v1/validate` says of a good key, as far as it is of use here. */
interface Validation {
  readonly valid: boolean
  readonly user: { id: string; email: string | null; name: string | null; role: string; groups: string[] }
  readonly key: { scopes: string[] }
}

/** Also for others who refuse: JSON, with a challenge on each 401. */
export function refusal(
  status: 401 | 403 | 429 | 503,
  code: string,
  message: string,
  headers = new Headers(),
  cause?: unknown,
): HTTPException {
  if (status === 401 && !headers.has('WWW-Authenticate'))
    headers.set('WWW-Authenticate', 'ApiKey realm="keydesk"')
  headers.set('Content-Type', 'application/json')
  const res = new Response(JSON.stringify({ code, message }), { status, headers })
  return new HTTPException(status, { res, message, cause })
}

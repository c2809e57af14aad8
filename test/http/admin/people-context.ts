import { inventory, startAttackedGateway } from '../../support/attack.ts'
import { type CookieJar, createCookieJar, keyTextOn, pathOf } from '../../support/browser-like.ts'
import type { TestGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { authorizeAt } from '../../support/wrong-issuer.ts'

export type PeopleContext = Awaited<ReturnType<typeof startPeople>>
/** Whom the issuer signs in next. What is not given is left out of the claims. */
export type Claims = { sub: string } & Record<string, unknown>

/** Somebody of example.com, known by a short name. */
export function person(name: string, change: Record<string, unknown> = {}): Claims {
  return {
    sub: `sub-${name}`,
    email: `${name}@example.com`,
    email_verified: true,
    name: `${name} Example`,
    hd: 'example.com',
    ...change,
  }
}

/** A gateway that signs in whomever a test makes up, and short ways to the admin API. Limits are off. */
export async function startPeople(settings: Record<string, string> = {}, options: { now?: () => Date } = {}) {
  const context = await startAttackedGateway(
    { AUTH_RATE_LIMIT: 'off', FAILURE_RATE_LIMIT: 'off', ...settings },
    options,
  )
  const { gateway, wrong } = context
  const nowSeconds = () => Math.floor((options.now?.() ?? new Date()).getTime() / 1000)

  function standAtTheDesk(claims: Claims): void {
    for (const claim of Object.keys(wrong.account)) Reflect.deleteProperty(wrong.account, claim)
    Object.assign(wrong.account, claims)
    // The issuer's clock is the gateway's, also where a test moves that one.
    wrong.behaviour.idTokenClaims = (token) => ({ ...token, iat: nowSeconds(), exp: nowSeconds() + 600 })
  }

  /** From `/auth/login` to the answer of the callback. */
  async function signIn(
    claims: Claims,
    headers: Record<string, string> = {},
    { jar = createCookieJar(gateway), query = '' } = {},
  ): Promise<Response> {
    standAtTheDesk(claims)
    // Straight to it, also where there are others.
    const login = await jar.fetch(`/auth/login/google${query}`)
    const location = login.headers.get('location')
    if (location === null) throw new Error(`login answered ${login.status}: ${await login.text()}`)
    return jar.fetch(pathOf(await authorizeAt(location)), { headers })
  }

  async function keyOf(claims: Claims, headers: Record<string, string> = {}): Promise<string> {
    const response = await signIn(claims, headers)
    const page = await response.text()
    const key = keyTextOn(page)
    if (key === null) throw new Error(`the callback answered ${response.status}: ${page}`)
    return key
  }

  /** Signs a browser in. */
  async function browserOf(claims: Claims, headers: Record<string, string> = {}): Promise<CookieJar> {
    const jar = createCookieJar(gateway)
    const response = await signIn(claims, headers, { jar, query: '?return_to=/' })
    if (response.status !== 303 || !jar.cookies.has('__Host-keydesk'))
      throw new Error(`the callback answered ${response.status}: ${await response.text()}`)
    return jar
  }

  /** Why a sign-in was refused, as the audit trail has it. */
  async function refusalOf(claims: Claims): Promise<string> {
    const response = await signIn(claims, { accept: 'application/json' })
    if (response.status === 200) throw new Error('the sign-in was not refused')
    const { data } = await get('/admin/audit?action=sign_in.refused&limit=1')
    return data[0].facts.reason
  }

  const get = async (path: string) => json(await gateway.asAdmin(path))
  const codeFor = async (key: string, query = '', where: Pick<TestGateway, 'fetch'> = gateway) => {
    const response = await where.fetch(`/v1/validate${query}`, { headers: { 'x-api-key': key } })
    return (await json(response)).code ?? 'valid'
  }

  return {
    ...context,
    signIn,
    keyOf,
    browserOf,
    refusalOf,
    get,
    codeFor,
    /** What `GET /auth/session` says of a browser: `valid`, or the code of its refusal. */
    stateOf: async (jar: CookieJar): Promise<string> =>
      (await json(await jar.fetch('/auth/session'))).code ?? 'valid',
    send: (method: string, path: string, body?: unknown) => gateway.asAdmin(path, request(method, body)),
    /** The same and its body; throws where it is no success. */
    done: async (method: string, path: string, body?: unknown): Promise<any> => {
      const response = await gateway.asAdmin(path, request(method, body))
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return response.status === 204 ? null : json(response)
    },
    userOf: async (email: string): Promise<any> => {
      const { users } = await inventory(context)
      const user = users.find((candidate) => candidate.email === email)
      if (user === undefined) throw new Error(`nobody has ${email}`)
      return user
    },
    /** The audit trail of an action, newest first. */
    audit: async (action: string): Promise<any[]> =>
      (await get(`/admin/audit?action=${action}&limit=200`)).data,
  }
}

/** A request with a JSON body, or with none. */
export function request(method: string, body?: unknown): RequestInit {
  if (body === undefined) return { method }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method, headers: { 'content-type': 'application/json' }, body: text }
}

/** What a page of Keydesk sends with a write. */
export function fromOwnPage(method: string, body?: unknown): RequestInit {
  const init = request(method, body)
  return { ...init, headers: { ...(init.headers as object), 'sec-fetch-site': 'same-origin' } }
}

/** A clock that runs, and can be put forward. */
export function movableClock() {
  let aheadMs = 0
  return {
    now: () => new Date(Date.now() + aheadMs),
    forward: (seconds: number) => {
      aheadMs += seconds * 1000
    },
  }
}

import type { Attacked } from './attack.ts'
import { type CookieJar, createCookieJar, pathOf } from './browser-like.ts'
import type { TestGateway } from './gateway.ts'
import { subjectOf } from './sign-in.ts'
import { type StandInProvider, signInAtProvider } from './stand-in-provider.ts'
import { authorizeAt } from './wrong-issuer.ts'

/** A browser that is signed in, and the answer that signed it in. */
export interface SignedInBrowser {
  readonly jar: CookieJar
  /** The value of `__Host-keydesk`, and of `__Secure-keydesk-app` where there is one. */
  readonly secret: string
  readonly appSecret: string | undefined
  readonly response: Response
}

interface SessionOptions {
  /** The browser; without it a fresh one. */
  readonly jar?: CookieJar
  readonly returnTo?: string
  readonly headers?: Record<string, string>
}

/** Signs the stand-in account with this email in by `return_to`: a session, and no key. */
export function signInForSession(
  context: { readonly gateway: Pick<TestGateway, 'fetch'>; readonly standIn: StandInProvider },
  email: string,
  options: SessionOptions = {},
): Promise<SignedInBrowser> {
  const subject = subjectOf(context.standIn, email)
  return openSession(context.gateway, (location) => signInAtProvider(location, subject), options)
}

/** The same for whom the wrong issuer knows. */
export function signInWrongForSession(
  context: Pick<Attacked, 'gateway'>,
  options: SessionOptions = {},
): Promise<SignedInBrowser> {
  return openSession(context.gateway, authorizeAt, options)
}

async function openSession(
  gateway: Pick<TestGateway, 'fetch'>,
  visitProvider: (location: string) => Promise<string>,
  { jar = createCookieJar(gateway), returnTo = '/account', headers = {} }: SessionOptions,
): Promise<SignedInBrowser> {
  const login = await jar.fetch(`/auth/login?return_to=${encodeURIComponent(returnTo)}`, { headers })
  const location = login.headers.get('location')
  if (location === null) throw new Error(`login answered ${login.status}: ${await login.text()}`)
  const response = await jar.fetch(pathOf(await visitProvider(location)), { headers })
  const secret = jar.cookies.get('__Host-keydesk')
  if (response.status !== 303 || secret === undefined)
    throw new Error(`the callback answered ${response.status}: ${await response.text()}`)
  return { jar, secret, appSecret: jar.cookies.get('__Secure-keydesk-app'), response }
}

/** What `/auth/session` says to whoever shows this value. */
export async function stateAt(gateway: Pick<TestGateway, 'fetch'>, secret: string): Promise<Response> {
  return gateway.fetch('/auth/session', { headers: { cookie: `__Host-keydesk=${secret}` } })
}

/** A POST as a form of one of our own pages makes it. */
export function postFrom(
  browser: { readonly jar: Pick<CookieJar, 'fetch'> },
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return browser.jar.fetch(path, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
  })
}

/** The cookies that an answer sets: value and attributes, sorted, by name. */
export function cookiesSetBy(response: Response): Map<string, { value: string; attributes: string[] }> {
  return new Map(
    response.headers.getSetCookie().map((line) => {
      const [pair = '', ...attributes] = line.split('; ')
      const equals = pair.indexOf('=')
      return [pair.slice(0, equals), { value: pair.slice(equals + 1), attributes: attributes.sort() }]
    }),
  )
}

import { tokenOn } from './account-forms.ts'
import { type Attacked, type Begun, callbackOf } from './attack.ts'
import { type CookieJar, createCookieJar, pathOf } from './browser-like.ts'
import { startGateway } from './gateway.ts'
import { json } from './json.ts'
import { signInSettings, subjectOf, testClient } from './sign-in.ts'
import { type StandInProvider, signInAtProvider, startStandInProvider } from './stand-in-provider.ts'
import { startWrongIssuer, type WrongIssuer } from './wrong-issuer.ts'

export type ProviderId = 'google' | 'entra' | 'key-cloak'
export const providerIds: readonly ProviderId[] = ['google', 'entra', 'key-cloak']

/** A gateway with three providers: the stand-in as Google, and two issuers that can be made wrong. */
export interface SeveralProviders extends Attacked {
  readonly standIn: StandInProvider
  /** `entra`. The same as `wrong`. */
  readonly entra: WrongIssuer
  /** `key-cloak`. */
  readonly keycloak: WrongIssuer
}

/** Settings of a provider, by the upper-case form of its id. */
export function providerSettings(name: string, issuer: string): Record<string, string> {
  return {
    [`PROVIDER_${name}_ISSUER`]: issuer,
    [`PROVIDER_${name}_CLIENT_ID`]: testClient.clientId,
    [`PROVIDER_${name}_CLIENT_SECRET`]: testClient.clientSecret,
  }
}

export async function startSeveralProviders(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
): Promise<SeveralProviders> {
  const [entra, keycloak] = [await startWrongIssuer(testClient), await startWrongIssuer(testClient)]
  let standIn: StandInProvider | undefined
  const closeProviders = () => Promise.all([entra.close(), keycloak.close(), standIn?.close()])
  const starting = startGateway(async (url) => {
    standIn = await startStandInProvider({ ...testClient, redirectUris: [`${url}/auth/callback`] })
    return {
      SSO_KEYS_MAX: '1000',
      ...signInSettings(standIn.issuer),
      ...providerSettings('ENTRA', entra.issuer),
      PROVIDER_ENTRA_LABEL: 'Microsoft',
      ...providerSettings('KEY_CLOAK', keycloak.issuer),
      ...settings,
    }
  }, options)
  // A provider that nobody closes would keep the test process alive.
  starting.catch(closeProviders)
  const gateway = await starting
  if (standIn === undefined) throw new Error('the gateway did not ask for its settings')
  return {
    gateway,
    wrong: entra,
    entra,
    keycloak,
    standIn,
    close: async () => {
      await gateway.close()
      await closeProviders()
    },
  }
}

/** Begins a sign-in at this provider: for a session when there is a place to return to, else for a key. */
export async function beginAt(
  { gateway }: Pick<SeveralProviders, 'gateway'>,
  provider: string,
  { jar = createCookieJar(gateway), returnTo }: { jar?: CookieJar; returnTo?: string } = {},
): Promise<Begun> {
  const query = returnTo === undefined ? '' : `?return_to=${encodeURIComponent(returnTo)}`
  return begunBy(await jar.fetch(`/auth/login/${provider}${query}`), jar)
}

/** The sign-in that an answer has begun: by its Location, or by the page that sends the browser on. */
export async function begunBy(response: Response, jar: CookieJar): Promise<Begun> {
  const page = await response.text()
  const [, onward] = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(page) ?? []
  const target = response.headers.get('location') ?? onward?.replaceAll('&amp;', '&')
  if (target === undefined) throw new Error(`the answer was ${response.status}: ${page}`)
  const location = new URL(target)
  const setNow = response.headers.getSetCookie().find((line) => /^__Host-keydesk-attempt-/.test(line)) ?? ''
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setNow) ?? []
  return { jar, location, state: location.searchParams.get('state') ?? '', cookie: { name, value } }
}

/** Lets the provider that a sign-in went to answer; at the stand-in it is `email` who is picked. */
export async function callbackAt(
  { standIn }: Pick<SeveralProviders, 'standIn'>,
  begun: Begun,
  email = 'alice@example.com',
): Promise<string> {
  if (begun.location.origin !== standIn.issuer) return callbackOf(begun)
  return pathOf(await signInAtProvider(begun.location.href, subjectOf(standIn, email)))
}

/** Signs in at a provider, from the login to the answer of the callback. */
export async function signInAt(
  context: SeveralProviders,
  provider: ProviderId,
  options: { email?: string; jar?: CookieJar; returnTo?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const begun = await beginAt(context, provider, options)
  const headers = options.headers ?? {}
  return begun.jar.fetch(await callbackAt(context, begun, options.email), { headers })
}

/** A browser that is signed in. */
export async function signedInBrowser(
  context: SeveralProviders,
  provider: ProviderId,
  email?: string,
): Promise<CookieJar> {
  const jar = createCookieJar(context.gateway)
  const options = { jar, returnTo: '/account', ...(email === undefined ? {} : { email }) }
  const response = await signInAt(context, provider, options)
  if (response.status !== 303) throw new Error(`signing in answered ${response.status}`)
  return jar
}

/** Whose session this browser has, as front ends see it. */
export async function sessionOf(jar: CookieJar): Promise<any> {
  return json(await jar.fetch('/auth/session'))
}

/** What the form of the account page sends to add an account at another provider. */
export function linkForm(provider: string, token: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams({ csrf_token: token, provider }),
  }
}

/** Begins to add an account at a provider to whoever is signed in. */
export async function beginLink(jar: CookieJar, provider: string): Promise<Begun> {
  return begunBy(await jar.fetch('/account/identities', linkForm(provider, await tokenOn(jar))), jar)
}

import { createCookieJar, keyTextOn, pathOf } from './browser-like.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { type StandInProvider, signInAtProvider, startStandInProvider } from './stand-in-provider.ts'

/** The OAuth client that every test registers. */
export const testClient = { clientId: 'keydesk-test', clientSecret: 'Rk3vW9qLmX2pZt7bNc5yHs8d' }

/** The settings of a gateway that signs in at `issuer`. */
export function signInSettings(issuer: string): Record<string, string> {
  return {
    GOOGLE_CLIENT_ID: testClient.clientId,
    GOOGLE_CLIENT_SECRET: testClient.clientSecret,
    GOOGLE_ISSUER: issuer,
  }
}

/** A gateway beside a stand-in of its own, ready to sign in the accounts of `stand-in-accounts.ts`. */
export async function startSignInGateway(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
): Promise<{ gateway: TestGateway; standIn: StandInProvider; close(): Promise<void> }> {
  let standIn: StandInProvider | undefined
  const gateway = await startGateway(async (url) => {
    standIn = await startStandInProvider({ ...testClient, redirectUris: [`${url}/auth/callback`] })
    return { ...signInSettings(standIn.issuer), ...settings }
  }, options)
  if (standIn === undefined) throw new Error('the gateway did not ask for its settings')
  const provider = standIn
  return {
    gateway,
    standIn: provider,
    close: async () => {
      await gateway.close()
      await provider.close()
    },
  }
}

/** Signs the stand-in account with this email in and answers its key text. */
export async function keyFor(
  context: { gateway: TestGateway; standIn: StandInProvider },
  email: string,
): Promise<string> {
  return signInForKey(context.gateway, subjectOf(context.standIn, email))
}

export function subjectOf(standIn: StandInProvider, email: string): string {
  const account = standIn.accounts.find((candidate) => candidate.email === email)
  if (account === undefined) throw new Error(`the stand-in knows nobody with ${email}`)
  return account.sub
}

/** Signs an account in, from `/auth/login` to the answer of the callback. */
export async function signIn(gateway: TestGateway, accountSub: string): Promise<Response> {
  const jar = createCookieJar(gateway)
  const login = await jar.fetch('/auth/login')
  const location = login.headers.get('location')
  if (location === null) throw new Error(`login answered ${login.status}: ${await login.text()}`)
  return jar.fetch(pathOf(await signInAtProvider(location, accountSub)))
}

/** Signs an account in and answers the key of the page. */
export async function signInForKey(gateway: TestGateway, accountSub: string): Promise<string> {
  const response = await signIn(gateway, accountSub)
  const page = await response.text()
  const keyText = keyTextOn(page)
  if (keyText === null) throw new Error(`the callback answered ${response.status} without a key: ${page}`)
  return keyText
}

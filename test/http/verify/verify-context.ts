import type { ProxyName } from '../../../src/domain/forwarded-request.ts'
import { createDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import type { RawAnswer } from '../../support/raw-request.ts'
import { startSignInGateway } from '../../support/sign-in.ts'
import { type SignedInBrowser, signInForSession } from '../../support/signed-in.ts'
import { type AskedOfApp, askAs, identityOf, verifySettings, withKey } from '../../support/verify.ts'

export type VerifyContext = Awaited<ReturnType<typeof startVerifyContext>>

/** A gateway that people can sign in at and mint keys from, asked as proxies ask. */
export async function startVerifyContext(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
) {
  const signIn = await startSignInGateway({ ...verifySettings, ...settings }, options)
  const { gateway } = signIn
  const desk = await createDesk(gateway, signIn.standIn.issuer)
  const ask = (proxy: ProxyName, asked: AskedOfApp = {}): Promise<RawAnswer> => askAs(proxy, gateway, asked)

  async function addApp(app: object): Promise<{ id: string }> {
    const response = await gateway.asAdmin('/admin/apps', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ host: 'app.example.com', ...app }),
    })
    if (response.status !== 201)
      throw new Error(`adding an app answered ${response.status}: ${await response.text()}`)
    return json(response)
  }

  async function removeApp({ id }: { id: string }): Promise<void> {
    await gateway.asAdmin(`/admin/apps/${id}`, { method: 'DELETE' })
  }

  return {
    gateway,
    signIn,
    desk,
    ask,
    addApp,
    /** Adds the apps, and takes them away again when `work` is done. */
    async withApps(apps: readonly object[], work: () => Promise<void>): Promise<void> {
      const added: { id: string }[] = []
      for (const app of apps) added.push(await addApp(app))
      try {
        await work()
      } finally {
        for (const app of added) await removeApp(app)
      }
    },
    session: (email = 'alice@example.com'): Promise<SignedInBrowser> => signInForSession(signIn, email),
    /** A JWT for an app, as that app gets one with a request that a key of ours makes. */
    async jwtFor(key: string, asked: AskedOfApp = {}): Promise<string> {
      const answer = await ask('caddy', { ...asked, headers: withKey(key) })
      return identityOf(answer).jwt ?? ''
    },
    changeUser: async (id: string, change: object): Promise<void> => {
      const response = await gateway.asAdmin(`/admin/users/${id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(change),
      })
      if (response.status !== 200) throw new Error(`the change answered ${response.status}`)
    },
    close: () => signIn.close(),
  }
}

import { createDesk, type Desk, deskSettings } from '../desk.ts'
import { startGateway, type TestGateway } from '../gateway.ts'
import { freePort } from '../keydesk-process.ts'
import { signInSettings, testClient } from '../sign-in.ts'
import { type StandInProvider, startStandInProvider } from '../stand-in-provider.ts'
import { ask, type ProxyAnswer, type Question } from './ask.ts'
import { type EchoApp, type Received, startEchoApp } from './echo-app.ts'
import { type Places, type ProxyName, type ProxyProcess, startProxy } from './proxy-process.ts'

/** An app behind a real proxy, which asks a real Keydesk: `app.corp.test` and `keys.corp.test`, both on `port`. */
export interface ProtectedApp {
  readonly port: number
  readonly appUrl: string
  readonly keysUrl: string
  readonly gateway: TestGateway
  readonly standIn: StandInProvider
  readonly desk: Desk
  readonly app: EchoApp
  readonly proxy: ProxyProcess
  /** A request to the app, by way of the proxy. */
  ask(target: string, question?: Question): Promise<ProxyAnswer>
  /** The same with a key, and what then reached the app. */
  reach(target: string, question?: Question): Promise<Received>
  /** For good. */
  stopKeydesk(): Promise<void>
  close(): Promise<void>
}

interface Options {
  readonly settings?: Readonly<Record<string, string>>
  readonly changes?: Places['changes']
  /** Where the proxy looks for Keydesk, if not where it is. */
  readonly keydeskPort?: number
}

/** Starts all of it. People sign in at a stand-in for Google; `settings` are further ones of Keydesk. */
export async function startProtectedApp(name: ProxyName, options: Options = {}): Promise<ProtectedApp> {
  const port = await freePort()
  const keysUrl = `https://keys.corp.test:${port}`
  const appUrl = `https://app.corp.test:${port}`
  const standIn = await startStandInProvider({ ...testClient, redirectUris: [`${keysUrl}/auth/callback`] })
  const gateway = await startGateway({
    AUTH_BASE_URL: keysUrl,
    COOKIE_DOMAIN: 'corp.test',
    RETURN_TO_ORIGINS: appUrl,
    ALLOWED_DOMAINS: 'example.com,desk.test',
    ...deskSettings,
    ...signInSettings(standIn.issuer),
    ...options.settings,
  })
  const app = await startEchoApp()
  const keydeskPort = options.keydeskPort ?? Number(new URL(gateway.url).port)
  let stopped: Promise<void> | undefined
  const stopKeydesk = () => {
    stopped ??= gateway.close()
    return stopped
  }
  const closeRest = () => Promise.all([stopKeydesk(), standIn.close(), app.close()])
  const proxy = await startProxy(name, {
    httpsPort: port,
    keydeskPort,
    appPort: app.port,
    changes: options.changes ?? [],
  }).catch(async (error) => {
    await closeRest()
    throw error
  })
  const desk = await createDesk(gateway, standIn.issuer)
  const askApp = (target: string, question?: Question) => ask(port, target, question)

  return {
    port,
    appUrl,
    keysUrl,
    gateway,
    standIn,
    desk,
    app,
    proxy,
    ask: askApp,
    reach: async (target, question) => {
      const before = app.received.length
      const answer = await askApp(target, question)
      const received = app.received.slice(before)
      if (answer.status !== 200 || received.length !== 1)
        throw new Error(`${answer.status} ${answer.body}; the app got ${received.length} requests`)
      return received[0] as Received
    },
    stopKeydesk,
    close: async () => {
      await proxy.close()
      await closeRest()
    },
  }
}

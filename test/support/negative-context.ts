import { readConfig } from '../../src/config.ts'
import { type AppDependencies, createApp } from '../../src/http/app.ts'
import type { NegativeContext } from './negative-contract.ts'
import { keyFor, startSignInGateway } from './sign-in.ts'
import { signInForSession } from './signed-in.ts'

const metricsToken = 'q8Zr5Wb2Lx7Vt0Ky3Hn6'
export const negativeSettings = {
  METRICS_TOKEN: metricsToken,
  FAILURE_RATE_LIMIT: 'off',
  AUTH_RATE_LIMIT: 'off',
  ADMIN_EMAILS: 'ada@example.com',
  JWT_AUDIENCES: 'https://reports.corp.com',
}

/** Every route as the app itself registers it, with all that is optional turned on. */
export function registeredRoutes(): string[] {
  const config = readConfig({
    ...negativeSettings,
    AUTH_BASE_URL: 'http://localhost:3000',
    PROXY_MASTER_KEY: '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8',
  })
  // Registering a route asks nothing of what the route will use.
  const anything: any = new Proxy(() => anything, {
    get: (_, member) => (member === Symbol.toPrimitive ? () => 'anything' : anything),
  })
  const dependencies: AppDependencies = {
    config,
    log: anything,
    storage: anything,
    verifyKey: anything,
    verifyRequest: anything,
    limitRate: anything,
    jwts: anything,
    metrics: anything,
    access: anything,
    findSession: anything,
    recordRefusal: anything,
    signIn: {
      providers: [],
      beginSignIn: anything,
      finishSignIn: anything,
      issueAuthCode: anything,
    },
    admin: anything,
    standards: anything,
    account: anything,
    settled: { rules: [], admins: [], isOpenWithoutRules: false, issuers: null },
    allowlist: null,
    formKey: Buffer.alloc(32),
    checkReadiness: anything,
    now: () => new Date(),
  }
  return createApp(dependencies)
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)
}

/** A gateway for the negative suite, with a good credential of each kind. */
export async function startNegativeContext(): Promise<NegativeContext & { close(): Promise<void> }> {
  const signIn = await startSignInGateway(negativeSettings)
  const { gateway } = signIn
  const key = await keyFor(signIn, 'alice@example.com')
  // A right that no other route asks for.
  await gateway.database.change(`UPDATE api_keys SET scopes = '["keydesk:introspect"]'`)
  const sessionOf = async (email: string) =>
    ['Cookie', `__Host-keydesk=${(await signInForSession(signIn, email)).secret}`] as const
  return {
    gateway,
    adminSession: await sessionOf('ada@example.com'),
    credentials: {
      session: await sessionOf('alice@example.com'),
      key: ['X-API-Key', key],
      master: ['Authorization', `Bearer ${gateway.masterKey}`],
      metrics: ['Authorization', `Bearer ${metricsToken}`],
    },
    close: () => signIn.close(),
  }
}

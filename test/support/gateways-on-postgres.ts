import { randomBytes } from 'node:crypto'
import { createDesk, type Desk, deskSettings } from './desk.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { signInSettings, testClient } from './sign-in.ts'
import { type StandInProvider, startStandInProvider } from './stand-in-provider.ts'
import { createTestDatabaseOn, type TestDatabase } from './test-database.ts'

/** Several gateways in this process on one Postgres, as replicas behind one name. */
export interface GatewaysOnPostgres {
  readonly database: TestDatabase
  readonly standIn: StandInProvider
  readonly gateways: readonly TestGateway[]
  /** Of each gateway, in the same order. */
  readonly desks: readonly Desk[]
  close(): Promise<void>
}

type Settings = Readonly<Record<string, string>>

// The name that all go by. Nobody listens there.
const publicUrl = 'http://localhost:3998'

/** `settings` are those of one gateway, whose database is at `databaseUrl`. Whatever engine the project is for. */
export async function startGatewaysOnPostgres(
  count: number,
  settings: (index: number, databaseUrl: string) => Settings | Promise<Settings> = () => ({}),
): Promise<GatewaysOnPostgres> {
  const database = await createTestDatabaseOn(18)
  const masterKey = randomBytes(32).toString('hex')
  const standIn = await startStandInProvider({ ...testClient, redirectUris: [`${publicUrl}/auth/callback`] })
  const gateways: TestGateway[] = []
  const close = async () => {
    for (const gateway of gateways) await gateway.close()
    await standIn.close()
    await database.drop()
  }
  try {
    const common = { AUTH_BASE_URL: publicUrl, ...deskSettings, ...signInSettings(standIn.issuer) }
    for (let index = 0; index < count; index += 1) {
      const own = await settings(index, database.url)
      gateways.push(await startGateway({ ...common, ...own }, { beside: { database, masterKey } }))
    }
    const desks: Desk[] = []
    for (const gateway of gateways) desks.push(await createDesk(gateway, standIn.issuer))
    return { database, standIn, gateways, desks, close }
  } catch (error) {
    await close()
    throw error
  }
}

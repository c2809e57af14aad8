import { randomBytes } from 'node:crypto'
import { createDesk, type Desk, deskSettings } from './desk.ts'
import { freePort, type KeydeskProcess, startKeydesk } from './keydesk-process.ts'
import { type PostgresServer, type PostgresServerOptions, startPostgresServer } from './postgres-server.ts'
import { createPostgresTestDatabase } from './postgres-test-database.ts'
import { signInSettings, testClient } from './sign-in.ts'
import { type StandInProvider, startStandInProvider } from './stand-in-provider.ts'
import type { TestDatabase } from './test-database.ts'

/** One real process of several on one database. */
export interface Replica {
  readonly name: string
  readonly gateway: KeydeskProcess
  readonly desk: Desk
}

/** Several real processes, and a Postgres that is theirs alone: whatever is done to it, nobody else is disturbed. */
export interface Replicas {
  readonly server: PostgresServer
  readonly database: TestDatabase
  readonly masterKey: string
  /** At which all of them sign people in. */
  readonly standIn: StandInProvider
  readonly all: readonly Replica[]
  /** A user for whom nothing is minted unless the test does. */
  readonly spareUserId: string
  /** After which nothing is changed by hand. */
  readonly firstEpoch: number
  /** Waits until each is ready, mints, and verifies what another has minted. @throws Error when that takes too long */
  healthy(withinMs?: number): Promise<void>
  close(): Promise<void>
}

export interface ReplicasOptions {
  readonly count?: number
  readonly server?: PostgresServerOptions
  /** Of each, which may differ. `databaseUrl` is where it would go by itself. */
  settings?(index: number, databaseUrl: string): Settings | Promise<Settings>
  command?(index: number): readonly string[] | undefined
}

type Settings = Readonly<Record<string, string>>

const healthyMsMax = 20_000

export async function startReplicas(options: ReplicasOptions = {}): Promise<Replicas> {
  const { count = 3, settings = () => ({}), command = () => undefined } = options
  const server = await startPostgresServer({ durable: true, ...options.server })
  const database = await createPostgresTestDatabase(server.adminUrl)
  const masterKey = randomBytes(32).toString('hex')
  // The name that all go by, as behind a load balancer. Nobody listens there.
  const publicUrl = `http://localhost:${await freePort()}`
  const standIn = await startStandInProvider({ ...testClient, redirectUris: [`${publicUrl}/auth/callback`] })
  const gateways: KeydeskProcess[] = []
  const close = async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()))
    await standIn.close()
    // The server takes the database with it.
    await database.drop().catch(() => undefined)
    await server.close()
  }

  async function start(index: number): Promise<void> {
    const own = { AUTH_BASE_URL: publicUrl, ...deskSettings, ...signInSettings(standIn.issuer) }
    const given = command(index)
    gateways[index] = await startKeydesk(
      { ...own, ...(await settings(index, database.url)) },
      { beside: { database, masterKey }, ...(given === undefined ? {} : { command: given }) },
    )
  }

  try {
    const started = await Promise.allSettled(Array.from({ length: count }, (_, index) => start(index)))
    for (const one of started) if (one.status === 'rejected') throw one.reason
    const all: Replica[] = []
    for (const [index, gateway] of gateways.entries())
      all.push({ name: `replica ${index + 1}`, gateway, desk: await createDesk(gateway, standIn.issuer) })
    const healthy = (withinMs = healthyMsMax) => whenHealthy(all, withinMs)
    const spareUserId = (await all[0]?.desk.addUser()) ?? ''
    const [epoch] = await database.rows('SELECT n FROM epoch')
    return { server, database, masterKey, standIn, all, spareUserId, firstEpoch: epoch.n, healthy, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function whenHealthy(all: readonly Replica[], withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const problem = await problemOf(all)
    if (problem === null) return
    if (performance.now() > deadline) throw new Error(`not healthy after ${withinMs} ms: ${problem}`)
  }
}

async function problemOf(all: readonly Replica[]): Promise<string | null> {
  for (const [index, { name, gateway, desk }] of all.entries()) {
    try {
      const { status } = await gateway.fetch('/readyz')
      if (status !== 200) return `${name} is not ready: ${status}`
      const key = await desk.mint()
      const other = all[(index + 1) % all.length] ?? { name, desk }
      const code = await other.desk.codeFor(key)
      if (code !== 'valid') return `${other.name} says ${code} to a key that ${name} has just minted`
    } catch (error) {
      return `${name}: ${error}`
    }
  }
  return null
}

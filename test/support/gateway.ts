import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readConfig } from '../../src/config.ts'
import { createGateway, type Gateway } from '../../src/gateway.ts'
import { createListener } from '../../src/http/listener.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

export interface TestGateway {
  /** Where it listens, and what AUTH_BASE_URL is. */
  readonly url: string
  readonly masterKey: string
  readonly database: TestDatabase
  /** Every line that it logged, as text. */
  readonly log: string[]
  /** `fetch` against this gateway: a path, redirects not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** The same with the master key. */
  asAdmin(path: string, init?: RequestInit): Promise<Response>
  /** Closes the gateway and opens a new one on the same database and the same port. */
  restart(environment?: Settings): Promise<void>
  close(): Promise<void>
}

type Settings = Readonly<Record<string, string>>

/** Cheap hashes: what is tested is what is done with them. */
const cheapArgon2 = { ARGON2_MEMORY_KIB: '64', ARGON2_TIME_COST: '1' }

/**
 * Starts the real gateway on a port of its own. The database is its own, unless it is one `beside` another, with whose
 * master key it starts. `environment` are settings by name, or makes them when the URL is known; `now` sets the clock.
 */
export async function startGateway(
  environment: Settings | ((url: string) => Promise<Settings>) = {},
  options: {
    now?: () => Date
    beside?: { readonly database: TestDatabase; readonly masterKey: string }
  } = {},
): Promise<TestGateway> {
  const database = options.beside?.database ?? (await createTestDatabase())
  const masterKey = options.beside?.masterKey ?? randomBytes(32).toString('hex')
  const log: string[] = []
  let gateway: Gateway
  let server: Server
  let settings: Settings | undefined
  const port = await open(0)
  const url = `http://localhost:${port}`

  async function open(wantedPort: number, overrides: Settings = {}): Promise<number> {
    server = createListener(
      { fetch: (request, bindings) => gateway.fetch(request, bindings) },
      typeof settings?.AUTH_BASE_URL === 'string' ? settings.AUTH_BASE_URL : 'http://localhost',
    )
    await new Promise<void>((resolve) => server.listen(wantedPort, '127.0.0.1', resolve))
    const { port: actualPort } = server.address() as AddressInfo
    const ownUrl = `http://localhost:${actualPort}`
    settings ??= typeof environment === 'function' ? await environment(ownUrl) : environment
    const config = readConfig({
      AUTH_BASE_URL: ownUrl,
      PROXY_MASTER_KEY: masterKey,
      DATABASE_URL: database.url,
      LOG_LEVEL: 'debug',
      // Patient: a busy machine is not what is tested.
      DATABASE_CONNECT_TIMEOUT: '1500ms',
      ...cheapArgon2,
      ...settings,
      ...overrides,
    })
    gateway = await createGateway(config, {
      ...(options.now === undefined ? {} : { now: options.now }),
      log: { write: (line: string) => void log.push(line) },
    })
    return actualPort
  }

  async function shut(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await gateway.close()
  }

  // A kept connection would be a dead one after a restart.
  const fetchPath = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    headers.set('connection', 'close')
    return fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers })
  }

  return {
    url,
    masterKey,
    database,
    log,
    fetch: fetchPath,
    asAdmin: (path, init = {}) => {
      const headers = new Headers(init.headers)
      if (!headers.has('authorization')) headers.set('authorization', `Bearer ${masterKey}`)
      return fetchPath(path, { ...init, headers })
    },
    restart: async (overrides = {}) => {
      await shut()
      await open(port, overrides)
    },
    close: async () => {
      await shut()
      if (options.beside === undefined) await database.drop()
    },
  }
}

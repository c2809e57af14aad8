import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { instructions } from './dev-instructions.ts'
import { startDevPostgres } from './dev-postgres.ts'
import { isPortFree, keepMasterKey, portOf, withDefaults } from './dev-settings.ts'
import { type StandInProvider, startStandInProvider } from './stand-in-provider.ts'

// `npm run dev`: the gateway beside a stand-in for Google, with settings that need no account and no file. With
// `-- --postgres` it has a real Postgres for its database.

const root = resolve(import.meta.dirname, '../..')
const keyFile = 'data/dev-master-key'
const postgresFolder = 'data/dev-postgres'
const startMillisecondsMax = 30_000
const standInPort = 4000
const echoMilliseconds = 300

async function main(): Promise<number> {
  const wantsPostgres = readFlags()
  if (wantsPostgres === undefined) return 1
  const port = portOf(process.env.PORT || '3000')
  if (!port) return complain(`PORT is "${process.env.PORT}", which is not a port. Try PORT=3001 npm run dev.`)
  const host = process.env.HOST || '127.0.0.1'
  // A browser tries ::1 first for localhost, and would open whatever listens there.
  const isFree = (await Promise.all([host, '::1'].map((address) => isPortFree(port, address)))).every(Boolean)
  if (!isFree) {
    return complain(
      `Port ${port} is in use. Stop what uses it, or choose another: PORT=${port + 1} npm run dev`,
    )
  }

  const baseUrl = (process.env.AUTH_BASE_URL || `http://localhost:${port}`).replace(/\/$/, '')
  const client = {
    clientId: process.env.GOOGLE_CLIENT_ID ?? 'keydesk-dev',
    // Hexadecimal, so that no run makes one with a word in it that the gateway refuses.
    clientSecret: process.env.GOOGLE_CLIENT_SECRET || randomBytes(32).toString('hex'),
  }
  const needsStandIn = client.clientId !== '' && process.env.GOOGLE_ISSUER === undefined
  const standIn = needsStandIn ? await startStandIn(client, `${baseUrl}/auth/callback`) : undefined

  const masterKey = keepMasterKey(resolve(root, keyFile))
  const postgres = wantsPostgres ? await startDevPostgres(root, postgresFolder).catch(messageOf) : undefined
  if (typeof postgres === 'string') return complain(postgres)
  const settings = withDefaults(process.env, {
    PROXY_MASTER_KEY: masterKey,
    DATABASE_URL: postgres?.databaseUrl ?? 'file:./data/keydesk-dev.db',
    ...(standIn && {
      GOOGLE_CLIENT_ID: client.clientId,
      GOOGLE_CLIENT_SECRET: client.clientSecret,
      GOOGLE_ISSUER: standIn.issuer,
    }),
    ADMIN_EMAILS: 'ada@example.com',
    // On loopback everybody is let in unless there is a rule, and then Otto would be too.
    ALLOWED_DOMAINS: 'example.com',
    LOG_LEVEL: 'warn',
  })
  const env = { ...settings, PORT: String(port), HOST: host, AUTH_BASE_URL: baseUrl }
  const gateway = startGateway(env)
  const exitCode = new Promise<number>((done) => {
    gateway.once('exit', (code, signal) => done(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })

  const isReady = await Promise.race([isHealthy(port, host), exitCode.then(() => undefined)])
  if (isReady) say(instructions({ port, baseUrl, standIn, postgresUrl: postgres?.urlInShell, keyFile }))
  if (isReady === false) {
    complain(
      `The gateway did not answer on port ${port} within ${startMillisecondsMax / 1000} s; stopping it.`,
    )
    gateway.kill('SIGTERM')
  }
  const code = await exitCode
  await standIn?.close()
  // Not before: the gateway writes until its end.
  await postgres?.stop()
  return isReady === false ? code || 1 : code
}

/** Whether `--postgres` was given; undefined, with a word about it, when something else was. */
function readFlags(): boolean | undefined {
  try {
    const { values } = parseArgs({ options: { postgres: { type: 'boolean', default: false } } })
    // npm takes every flag that comes before `--` for one of its own.
    if (process.env.npm_config_postgres) {
      complain('npm kept the flag for itself. Write two dashes before it: npm run dev -- --postgres')
      return undefined
    }
    const setting = ['DATABASE_URL', 'DATABASE_URL_FILE'].find((name) => process.env[name] !== undefined)
    if (!values.postgres || setting === undefined) return values.postgres
    complain(`${setting} names a database already. Leave out either it or --postgres.`)
  } catch (error) {
    const [reason] = messageOf(error).split('. ')
    complain(
      `${reason}. There is one flag: npm run dev -- --postgres (a real Postgres instead of a SQLite file).`,
    )
  }
  return undefined
}

async function startStandIn(
  client: { clientId: string; clientSecret: string },
  redirectUri: string,
): Promise<StandInProvider> {
  const wanted = portOf(process.env.STAND_IN_PORT || String(standInPort)) ?? standInPort
  const options = { ...client, redirectUris: [redirectUri] }
  if (await isPortFree(wanted, '127.0.0.1')) return startStandInProvider({ ...options, port: wanted })
  const standIn = await startStandInProvider(options)
  say(`
Port ${wanted} is in use, so the stand-in for Google is at ${standIn.issuer} this time. To Keydesk that is
another issuer: whoever signed in through the usual one before is refused. Free the port, set STAND_IN_PORT,
or start with an empty database: DATABASE_URL=file:./data/another.db npm run dev
`)
  return standIn
}

function startGateway(env: Record<string, string | undefined>): ChildProcess {
  const gateway = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    // In a process group of its own: Ctrl-C reaches a whole group, and with the signal that is forwarded
    // below the gateway would get two, which means "leave at once".
    detached: true,
  })
  let forwardedAt = Number.NEGATIVE_INFINITY
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // npm and tsx pass on the Ctrl-C that the terminal sent here too: one press, several signals.
      if (performance.now() - forwardedAt < echoMilliseconds) return
      forwardedAt = performance.now()
      gateway.kill('SIGTERM')
    })
  }
  process.on('exit', () => gateway.kill('SIGKILL'))
  return gateway
}

/** Polls /healthz until it answers 200; false when it does not in time. */
async function isHealthy(port: number, host: string): Promise<boolean> {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/healthz`
  const deadline = Date.now() + startMillisecondsMax
  while (Date.now() < deadline) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    if (answer?.status === 200) return true
    await pause(100, undefined, { ref: false })
  }
  return false
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function say(text: string): void {
  process.stdout.write(text)
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`)
  return 1
}

process.exit(await main())

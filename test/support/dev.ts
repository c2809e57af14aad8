import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isPortFree, keepMasterKey, portOf, withDefaults } from './dev-settings.ts'
import { type StandInProvider, startStandInProvider } from './stand-in-provider.ts'

// `npm run dev`: the gateway beside a stand-in for Google, with settings that need no account and no file.

const root = resolve(import.meta.dirname, '../..')
const keyFile = 'data/dev-master-key'
const startMillisecondsMax = 30_000
const standInPort = 4000
const echoMilliseconds = 300

async function main(): Promise<number> {
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

  const settings = withDefaults(process.env, {
    PROXY_MASTER_KEY: keepMasterKey(resolve(root, keyFile)),
    DATABASE_URL: 'file:./data/keydesk-dev.db',
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
  if (isReady) say(instructions(port, baseUrl, standIn))
  if (isReady === false) {
    complain(
      `The gateway did not answer on port ${port} within ${startMillisecondsMax / 1000} s; stopping it.`,
    )
    gateway.kill('SIGTERM')
  }
  const code = await exitCode
  await standIn?.close()
  return isReady === false ? code || 1 : code
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

function instructions(port: number, baseUrl: string, standIn: StandInProvider | undefined): string {
  const local = `http://localhost:${port}`
  const people = standIn?.accounts.map(({ email, note }) => `     ${email.padEnd(22)}${note}`).join('\n')
  return `
Keydesk is running at ${baseUrl}${standIn ? `, with a stand-in for Google at ${standIn.issuer}` : ''}

  1. Sign in and get a key${process.env.GOOGLE_CLIENT_ID === '' ? ' (off: GOOGLE_CLIENT_ID is empty)' : ''}. Open in a browser:
     ${baseUrl}/auth/login
${people ? `     and pick an account:\n${people}\n` : ''}
  2. Validate the key:
     curl -H 'X-API-Key: <your key>' ${local}/v1/validate

  3. List all keys, as an admin:
     curl -H "Authorization: Bearer ${masterKeyInShell()}" ${local}/admin/keys

Ctrl-C stops it. The database and the master key stay in data/.

`
}

function masterKeyInShell(): string {
  if (process.env.PROXY_MASTER_KEY !== undefined) return '$PROXY_MASTER_KEY'
  if (process.env.PROXY_MASTER_KEY_FILE !== undefined) return '$(cat "$PROXY_MASTER_KEY_FILE")'
  return `$(cat ${keyFile})`
}

function say(text: string): void {
  process.stdout.write(text)
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`)
  return 1
}

process.exit(await main())

import { createServer, type Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type Config, readConfig, SettingsError } from './config.ts'
import { KeydeskError } from './domain/errors.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { createListener, drain, endConnectionsAfterAnswer } from './http/listener.ts'
import { describeCause } from './http/problem.ts'

/*
 * The process: reads the settings, listens, and goes in good order. Exit codes: 0 after SIGTERM or SIGINT, 1 when it
 * cannot start or when a second signal ends it at once.
 */

const drainSeconds = 10

async function main(): Promise<void> {
  // The database and what stands beside it are for this user alone.
  process.umask(0o077)
  const config = readConfig()
  const gateway = await createGateway(config)
  gateway.prepare()
  const server = createListener(gateway, config.authBaseUrl)
  const metricsServer = config.metricsPort === undefined ? null : createMetricsServer(gateway)
  leaveOnSignal(server, metricsServer, gateway, config.shutdownDelay)
  await listen(server, config.port, config.host)
  if (metricsServer !== null) await listen(metricsServer, config.metricsPort ?? 0, config.host)
  gateway.log.info({ host: config.host, port: config.port, url: config.authBaseUrl }, 'Keydesk listens')
  for (const warning of warningsFor(config)) gateway.log.warn(warning)
  for (const hint of hintsFor(config)) gateway.log.info(hint)
}

/** `/metrics` without a token, on METRICS_PORT: for networks in which only the collector reaches that port. */
function createMetricsServer(gateway: Gateway): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    gateway.metrics.text().then(
      (text) => response.writeHead(200, { 'Content-Type': gateway.metrics.contentType }).end(text),
      () => response.writeHead(503).end(),
    )
  })
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

/**
 * The first signal: say that we leave, go on answering for `delaySeconds` until whoever sends requests has noticed, then
 * stop accepting, finish what is in flight, close the database. The second: leave at once.
 */
function leaveOnSignal(
  server: Server,
  metricsServer: Server | null,
  gateway: Gateway,
  delaySeconds: number,
): void {
  async function leaveInOrder(): Promise<void> {
    gateway.stopBeingReady()
    endConnectionsAfterAnswer(server)
    if (delaySeconds > 0) {
      gateway.log.info({ seconds: delaySeconds }, 'not ready any more; answering until the delay is over')
      await delay(delaySeconds * 1000)
    }
    metricsServer?.close()
    metricsServer?.closeAllConnections()
    await drain(server, drainSeconds)
    await gateway.close()
  }

  let leaving = false
  const leave = () => {
    if (leaving) process.exit(1)
    leaving = true
    leaveInOrder().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', leave)
  process.on('SIGINT', leave)
}

/** What is so by default, and what somebody may want otherwise. */
function hintsFor(config: Config): string[] {
  const hints: string[] = []
  if (config.providers.length > 0 && config.keyLease === null) {
    hints.push(
      'KEY_LEASE is off: the key of somebody who left works until it expires, is revoked, or no rule covers them any more.',
    )
  }
  if (config.unknownHost === 'allow') {
    hints.push(
      'UNKNOWN_HOST is allow: any signed-in user, and any good key, passes through a proxy to a host that no app is about. Add the apps at /console/apps, then set UNKNOWN_HOST=deny.',
    )
  }
  return hints
}

function warningsFor(config: Config): string[] {
  const warnings: string[] = []
  if (config.providers.length === 0) {
    warnings.push('No sign-in provider is set (GOOGLE_CLIENT_ID is empty), so sign-in is off.')
  }
  if (config.dangerouslyAllowAnyAccount) {
    warnings.push(
      'DANGEROUSLY_ALLOW_ANY_ACCOUNT is on: until there is a rule in the database, anybody with a verified account gets a key.',
    )
  }
  const isSilent = config.allowedDomains.length + config.allowedEmails.length === 0
  const isOpen = config.providers.length > 0 && config.admitsAnybody && isSilent
  if (isOpen && !config.dangerouslyAllowAnyAccount) {
    warnings.push(
      'AUTH_BASE_URL is on loopback and the settings hold no rule: until there is one in the database, any verified account may sign in.',
    )
  }
  const hasGoogle = config.providers.some(({ id }) => id === 'google')
  const forGoogle = [...config.allowedDomains, ...config.allowedEmails, ...config.adminEmails].filter(
    ({ provider }) => provider === 'google',
  )
  if (config.providers.length > 0 && !hasGoogle && forGoogle.length > 0) {
    warnings.push(
      `Rules without a provider are for google, which is not set up: write ${config.providers[0]?.id}:${forGoogle[0]?.value} instead.`,
    )
  }
  if (config.trustedProxies.some(([, bits]) => bits === 0)) {
    warnings.push(
      'TRUSTED_PROXIES holds every address: anybody can choose the address that they are known by.',
    )
  }
  // libuv has four threads unless told otherwise, and looks up host names on the same ones.
  if (config.argon2Concurrency > 3 && config.threadPoolSize <= config.argon2Concurrency) {
    warnings.push(
      `ARGON2_CONCURRENCY is ${config.argon2Concurrency}: set UV_THREADPOOL_SIZE to ${config.argon2Concurrency + 2} or more.`,
    )
  }
  return warnings
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

main().catch((error: unknown) => {
  if (error instanceof SettingsError) {
    complain(error.message)
    for (const problem of error.problems) complain(`  - ${problem}`)
  } else if (error instanceof KeydeskError) {
    complain(`Keydesk cannot start: ${error.message}`)
    if (error.cause !== undefined) complain(`  ${describeCause(error.cause)}`)
  } else {
    complain(`Keydesk cannot start: ${describeCause(error)}`)
  }
  process.exit(1)
})

import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from './config.ts'
import { deriveKeys } from './domain/derived-keys.ts'
import { KeydeskError } from './domain/errors.ts'
import { createApp } from './http/app.ts'
import type { AppEnvironment } from './http/environment.ts'
import { describeCause } from './http/problem.ts'
import { createBeginSignIn } from './services/begin-sign-in.ts'
import { createCheckCallback } from './services/check-callback.ts'
import { createFinishSignIn } from './services/finish-sign-in.ts'
import { createSecretHasher } from './services/hash-secret.ts'
import { createKeyMemory } from './services/key-memory.ts'
import { createLimitRate } from './services/limit-rate.ts'
import { createLimitSharedRate } from './services/limit-shared-rate.ts'
import { createMakeKey } from './services/make-key.ts'
import { createMetrics, type Metrics } from './services/metrics.ts'
import { createMintKey } from './services/mint-key.ts'
import { createMintSsoKey } from './services/mint-sso-key.ts'
import { openKeyring } from './services/open-keyring.ts'
import { createRecordRefusal } from './services/record-refusal.ts'
import { createRecordUsage } from './services/record-usage.ts'
import { createRevokeKey } from './services/revoke-key.ts'
import { createVerifyKey } from './services/verify-key.ts'
import { createProvider } from './sso/provider.ts'
import { openStorage } from './storage/storage.ts'

const addressesCountedMax = 50_000

/** Keydesk without a socket: what `main.ts` listens with, and what tests call. */
export interface Gateway {
  fetch(request: Request, bindings?: AppEnvironment['Bindings']): Response | Promise<Response>
  /** For what the process has to say itself. */
  readonly log: Logger
  /** For the plain listener of METRICS_PORT. */
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>
  /** From now on `/readyz` answers 503, so that no new client is sent here. Everything else goes on being answered. */
  stopBeingReady(): void
  /** Ends everything that the gateway holds open. Call it when the last request has been answered. */
  close(): Promise<void>
}

/**
 * Puts Keydesk together: the one place where a setting becomes a dependency.
 * @throws KeydeskError `unavailable` when the database or the keyring cannot be opened.
 */
export async function createGateway(
  config: Config,
  options: { now?: () => Date; log?: DestinationStream } = {},
): Promise<Gateway> {
  const now = options.now ?? (() => new Date())
  const log = createLog(config, options.log)
  const derived = deriveKeys(config.proxyMasterKey)
  const previous = config.proxyMasterKeyPrevious
  const metrics = createMetrics()
  const storage = await openStorage(config.databaseUrl, {
    listenUrl: config.databaseListenUrl,
    poolSize: config.databasePoolSize,
    connectMs: config.databaseConnectTimeout,
    statementMs: config.databaseStatementTimeout,
    report: (message, cause) => log.warn({ cause: describeCause(cause) }, `database: ${message}`),
  })
  try {
    const keyring = await openKeyring({
      storage,
      wrapKey: derived.keyring,
      previousWrapKey: previous === undefined ? null : deriveKeys(previous).keyring,
      now,
    })
    const hasher = createSecretHasher({
      memoryKib: config.argon2MemoryKib,
      timeCost: config.argon2TimeCost,
      parallelism: config.argon2Parallelism,
      concurrency: config.argon2Concurrency,
      waitingMax: config.argon2QueueMax,
      waitSecondsMax: config.argon2QueueTimeout,
      metrics,
    })
    metrics.watchLiveKeys(() => storage.keys.countLive(now()))
    if (storage.feedState !== null) metrics.watchFeed(storage.feedState)
    const usage = createRecordUsage({ storage })
    const verifyKey = createVerifyKey({
      storage,
      keyring,
      hasher,
      memory: createKeyMemory(config.verifiedKeysMax),
      // Its names are ids of proven keys, so it needs no bound, and no stranger can push one out.
      limitRate: storage.rateCounts === null ? createLimitRate() : createLimitSharedRate(storage.rateCounts),
      defaultRateLimit: config.keyRateLimit,
      usage,
      metrics,
      now,
    })
    const makeKey = createMakeKey({ keyring, hasher, prefix: config.apiKeyPrefix })
    const recordRefusal = createRecordRefusal({ storage, throttleKey: derived.auditThrottle, now })
    let isLeaving = false
    const checkReadiness = async () => {
      if (isLeaving) throw new KeydeskError('unavailable', { message: 'This process is about to stop.' })
      await storage.ping()
    }
    const app = createApp({
      config,
      log,
      storage,
      verifyKey,
      limitRate: createLimitRate(addressesCountedMax),
      metrics,
      mintKey: createMintKey({ storage, makeKey, now }),
      revokeKey: createRevokeKey({ storage, metrics, now }),
      recordRefusal,
      signIn: createSignIn(),
      checkReadiness,
      now,
    })
    const stopFlushing = every(config.usageFlushInterval, usage.flush, log)
    return {
      fetch: (request, bindings) => app.fetch(request, bindings ?? {}),
      log,
      metrics,
      stopBeingReady: () => {
        isLeaving = true
      },
      close: async () => {
        stopFlushing()
        await usage
          .flush()
          .catch((error) => log.error({ cause: describeCause(error) }, 'usage was not written'))
        await storage.close()
      },
    }

    function createSignIn() {
      if (config.googleClientId === '') return null
      const provider = createProvider({
        id: 'google',
        label: 'Google',
        issuer: config.googleIssuer,
        clientId: config.googleClientId,
        clientSecret: config.googleClientSecret,
        redirectUri: `${config.authBaseUrl}/auth/callback`,
        timeoutSeconds: config.providerTimeout,
        now,
      })
      const rules = {
        allowedDomains: config.allowedDomains,
        allowedEmails: config.allowedEmails,
        adminEmails: config.adminEmails,
        openWithoutRules: config.admitsAnybody,
      }
      const shared = {
        storage,
        provider,
        rules,
        metrics,
        now,
        stateKey: derived.state,
        attemptKey: derived.attempt,
        stateTtlSeconds: config.stateTtl,
      }
      const ssoKey = {
        scopes: config.ssoKeyScopes,
        ttlSeconds: config.ssoKeyTtl,
        perUserMax: config.ssoKeysMax,
      }
      const mintSsoKey = createMintSsoKey({ storage, makeKey, ssoKey, now })
      const checkCallback = createCheckCallback(shared)
      return {
        label: provider.label,
        beginSignIn: createBeginSignIn(shared),
        finishSignIn: createFinishSignIn({ ...shared, checkCallback, mintSsoKey, recordRefusal }),
      }
    }
  } catch (error) {
    await storage.close()
    throw error
  }
}

/**
 * JSON lines on standard output, written in batches: half a second may be lost by a crash, nothing by an orderly end. No
 * secret is passed to the log; should one ever be, under one of these names, it is taken out.
 */
function createLog(config: Config, destination?: DestinationStream): Logger {
  return pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['authorization', 'cookie', 'key_text', 'keyText', 'secret', 'token', 'state'].flatMap(
        (name) => [name, `*.${name}`],
      ),
    },
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 500 }),
  )
}

/** Does `work` every so many seconds, until the answer is called. A failure is logged, and the next time comes. */
function every(seconds: number, work: () => Promise<void>, log: Logger): () => void {
  const timer = setInterval(() => {
    work().catch((error: unknown) => log.error({ cause: describeCause(error) }, 'usage was not written'))
  }, seconds * 1000)
  timer.unref()
  return () => clearInterval(timer)
}

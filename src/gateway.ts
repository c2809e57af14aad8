import type { DestinationStream, Logger } from 'pino'
import { composeJwts } from './compose-jwts.ts'
import {
  allowlistOf,
  composeAccess,
  composeAccount,
  composeAdmin,
  composeAllowlist,
  composeAudit,
  composeSignIn,
  composeStandards,
  composeVerifyRequest,
  type Parts,
  settledRules,
} from './compose-services.ts'
import type { Config } from './config.ts'
import { deriveKeys } from './domain/derived-keys.ts'
import { KeydeskError } from './domain/errors.ts'
import { createApp } from './http/app.ts'
import type { AppEnvironment } from './http/environment.ts'
import { describeCause } from './http/problem.ts'
import { createLog } from './log.ts'
import { createForgetOldCounts } from './services/forget-old-counts.ts'
import { createSecretHasher } from './services/hash-secret.ts'
import { createJudgeKeyUse } from './services/judge-key-use.ts'
import { createKeyMemory } from './services/key-memory.ts'
import { createLimitRate } from './services/limit-rate.ts'
import { createLimitSharedRate } from './services/limit-shared-rate.ts'
import { createMakeKey } from './services/make-key.ts'
import { createMetrics, type Metrics } from './services/metrics.ts'
import { openKeyring } from './services/open-keyring.ts'
import { createFindOwnerRights } from './services/owner-rights.ts'
import { createRecordRefusal } from './services/record-refusal.ts'
import { createRecordUsage, type RecordUsage } from './services/record-usage.ts'
import { createRetireKeys } from './services/retire-keys.ts'
import { createVerifyKey } from './services/verify-key.ts'
import { openStorage } from './storage/storage.ts'

const addressesCountedMax = 50_000
const retireSeconds = 60
const sealSeconds = 1
/** What is left then, as of an old trail, is sealed by whoever starts next. */
const sealSecondsAtClose = 2
const pruneSeconds = 600
const signingKeysSeconds = 60
const forgetSeconds = 600
const notWritten = 'usage was not written'
const notSealed = 'audit events were not sealed; they will be'
const listFailed = 'the list at ALLOWLIST_URL was not read; the last good copy stays'

/** Keydesk without a socket: what `main.ts` listens with, and what tests call. */
export interface Gateway {
  fetch(request: Request, bindings?: AppEnvironment['Bindings']): Response | Promise<Response>
  /** For what the process has to say itself. */
  readonly log: Logger
  /** For the plain listener of METRICS_PORT. */
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>
  /** From now on `/readyz` answers 503, so that no new client is sent here. Everything else goes on being answered. */
  stopBeingReady(): void
  /** Makes what is made once and takes long (the OpenAPI document), so that no request waits while it is made. */
  prepare(): void
  /** Ends everything that the gateway holds open. Call it when the last request has been answered. */
  close(): Promise<void>
}

/**
 * Puts Keydesk together, with `compose-services.ts`: where a setting becomes a dependency.
 * @throws KeydeskError `unavailable` when the database or the keyring cannot be opened.
 */
export async function createGateway(
  config: Config,
  options: { now?: () => Date; log?: DestinationStream } = {},
): Promise<Gateway> {
  const now = options.now ?? (() => new Date())
  const log = createLog(config.logLevel, options.log)
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
    const wraps = {
      wrapKey: derived.keyring,
      previousWrapKey: previous === undefined ? null : deriveKeys(previous).keyring,
    }
    const keyring = await openKeyring({ storage, ...wraps, now })
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
    const { access, findSession } = composeAccess(config, storage, now)
    const judgeKeyUse = createJudgeKeyUse({
      storage,
      access,
      ownerRights: createFindOwnerRights(config.keyLease),
      // Its names are ids of proven keys, so it needs no bound, and no stranger can push one out.
      limitRate: storage.rateCounts === null ? createLimitRate() : createLimitSharedRate(storage.rateCounts),
      defaultRateLimit: config.keyRateLimit,
      usage,
      metrics,
      now,
    })
    const verifyKey = createVerifyKey({
      storage,
      judgeKeyUse,
      keyring,
      hasher,
      memory: createKeyMemory(config.verifiedKeysMax),
      metrics,
    })
    const jwts = composeJwts({ config, storage, ...wraps, judgeKeyUse, findSession, now })
    await jwts.keepSigningKeys()
    const makeKey = createMakeKey({ keyring, hasher, prefix: config.apiKeyPrefix })
    const recordRefusal = createRecordRefusal({ storage, throttleKey: derived.auditThrottle, now })
    let isLeaving = false
    const checkReadiness = async () => {
      if (isLeaving) throw new KeydeskError('unavailable', { message: 'This process is about to stop.' })
      await storage.ping()
    }
    const { auditKeys } = keyring
    const made = { storage, metrics, makeKey, derived, auditKeys, recordRefusal, access, findSession }
    const parts = { config, ...made, now }
    const admin = composeAdmin(parts)
    const app = createApp({
      ...parts,
      log,
      verifyKey,
      jwts,
      verifyRequest: composeVerifyRequest(parts, verifyKey, jwts),
      standards: composeStandards(parts, verifyKey, jwts, admin.revokeKey),
      limitRate: createLimitRate(addressesCountedMax),
      signIn: composeSignIn(parts),
      admin,
      account: composeAccount(parts, admin),
      settled: settledRules(config),
      allowlist: allowlistOf(config),
      formKey: derived.form,
      checkReadiness,
    })
    const upkeep = startUpkeep(parts, usage, jwts, log)
    const poll = composeAllowlist(config, storage, (message) => log.warn(message), now)
    let polling: Promise<unknown> = Promise.resolve()
    const pollAllowlist = async () => {
      polling = poll?.() ?? Promise.resolve()
      await polling
    }
    const stopPolling = every(config.allowlistInterval, pollAllowlist, listFailed, log)
    // At once, but the start does not wait for somebody else's server.
    pollAllowlist().catch((error: unknown) => logFailure(error, listFailed, log))
    return {
      fetch: (request, bindings) => app.fetch(request, bindings ?? {}),
      log,
      metrics,
      prepare: () => app.prepare(),
      stopBeingReady: () => {
        isLeaving = true
      },
      close: async () => {
        upkeep.stop()
        stopPolling()
        await polling.catch(() => undefined)
        await upkeep.finish()
        await storage.close()
        metrics.close()
      },
    }
  } catch (error) {
    await storage.close()
    throw error
  }
}

/** What any process does beside its answers, by the clock. */
function startUpkeep(
  parts: Parts,
  usage: RecordUsage,
  { keepSigningKeys }: Pick<ReturnType<typeof composeJwts>, 'keepSigningKeys'>,
  log: Logger,
) {
  const { config, storage, now } = parts
  const audit = composeAudit(parts, log)
  const retireKeys = createRetireKeys({ storage, usageSecondsMax: config.usageFlushInterval * 2, now })
  const forgetOldCounts = createForgetOldCounts({ storage, now })
  const stops = [
    every(config.usageFlushInterval, usage.flush, notWritten, log),
    every(retireSeconds, () => retireKeys().then(() => undefined), 'keys were not retired', log),
    every(forgetSeconds, forgetOldCounts, 'old counts were not forgotten', log),
    every(sealSeconds, () => audit.seal(), notSealed, log),
    every(signingKeysSeconds, keepSigningKeys, 'the keys that sign JWTs were not kept', log),
    every(pruneSeconds, audit.prune, 'the audit trail was not pruned', log),
  ]
  return {
    stop(): void {
      for (const stop of stops) stop()
    },
    /** Writes what would be lost, and seals what was written. */
    async finish(): Promise<void> {
      await usage.flush().catch((error: unknown) => logFailure(error, notWritten, log))
      await audit.seal(sealSecondsAtClose).catch((error: unknown) => logFailure(error, notSealed, log))
    },
  }
}

/**
 * Does `work` every so many seconds, until the answer is called. A failure is logged, and the next time comes. What is
 * under way then loses its database, which is no failure: whoever comes next goes on with it.
 */
function every(seconds: number, work: () => Promise<void>, failure: string, log: Logger): () => void {
  let isOver = false
  const timer = setInterval(() => {
    work().catch((error: unknown) => {
      if (!isOver) logFailure(error, failure, log)
    })
  }, seconds * 1000)
  timer.unref()
  return () => {
    isOver = true
    clearInterval(timer)
  }
}

function logFailure(error: unknown, failure: string, log: Logger): void {
  log.error({ cause: describeCause(error) }, failure)
}

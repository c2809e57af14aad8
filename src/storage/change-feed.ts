import type pg from 'pg'
import { type ChangeStamps, createChangeStamps } from './change-stamps.ts'
import { keepListening } from './postgres-listener.ts'
import type { BoundedPool } from './postgres-pool.ts'
import type { FeedState } from './query.ts'
import { createReplicas, type Look } from './replicas.ts'
import { unavailable } from './unavailable.ts'

export const changesChannel = 'keydesk_changes'

/** Tells of what concerns whoever runs the service; the cause is an error that may be logged. */
export type Report = (message: string, cause?: unknown) => void

const trustMs = 2000
const pollMs = 1000
const pollMsAfterFailure = 250
/** After a failed look the next one waits so long: a database that comes back is not to be met by a storm. */
const failurePauseMs = 100
const silentMsMax = 5000

/**
 * How this process hears of what others change. It looks at the epoch whenever the database notifies it, and every
 * second; what it remembers counts as true for two seconds from the start of its last look that succeeded, on the
 * monotonic clock. Each look tells the database what has been seen, so a second one follows where there was something new.
 */
export function createChangeFeed(dependencies: {
  pool: BoundedPool
  connection: pg.ClientConfig
  replicaId: string
  report: Report
}) {
  const { pool, connection, replicaId, report } = dependencies
  const stamps: ChangeStamps = createChangeStamps()
  const replicas = createReplicas(pool, replicaId)
  const others = new Map<string, { looks: number; sinceMs: number }>()
  let seen = 0
  let lookBegunAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let failure: unknown = null
  let underway: Promise<void> | null = null
  let isWanted = false
  let isRunning = false
  let isClosed = false
  let wasDeaf = false
  let poll: NodeJS.Timeout | undefined
  let listener: ReturnType<typeof keepListening> | null = null

  return {
    /** @throws what the database says */
    async start(): Promise<void> {
      await look()
      listener = keepListening({
        connection,
        channel: changesChannel,
        notified: wake,
        stateChanged: (isListening, cause) => {
          if (!isListening) report('no longer hears of changes as they happen, and asks every second', cause)
          else if (wasDeaf) report('hears of changes as they happen again')
          wasDeaf = !isListening
        },
      })
      pollLater()
    },

    generation(): number | Promise<number> {
      if (isClosed) throw unavailable(new Error('the database was closed'))
      if (isTrusted()) return stamps.tick()
      return lookAgain().then(stamps.tick)
    },

    changedSince: stamps.changedSince,

    /** What this process has just committed. Others hear of it from the database, as this process does once more. */
    committed(ids: readonly string[]): void {
      stamps.changed(ids)
      wake()
    },

    state: (): FeedState => ({
      listening: listener?.isListening() ?? false,
      replicas: others.size,
      lookAgeMs: performance.now() - lookBegunAt,
    }),

    /** To be called when nothing is verified any more: from here on no revocation waits for this replica. */
    async close(): Promise<void> {
      isClosed = true
      clearTimeout(poll)
      await listener?.close()
      await underway?.catch(() => undefined)
      await replicas.leave().catch(() => undefined)
    },
  }

  function isTrusted(): boolean {
    return performance.now() - lookBegunAt < trustMs
  }

  /** A look that is underway will do: what it shows is trusted from its start on. */
  async function lookAgain(): Promise<void> {
    if (underway === null && performance.now() - failedAt < failurePauseMs) throw unavailable(failure)
    try {
      await look()
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  /** One at a time: each goes on from what the one before has seen. */
  function look(): Promise<void> {
    underway ??= lookOnce()
      .then(succeeded, failed)
      .finally(() => {
        underway = null
      })
    return underway
  }

  async function lookOnce(): Promise<void> {
    for (;;) {
      const begunAt = performance.now()
      const found = await replicas.look(seen)
      if (found !== null) {
        apply(found)
        lookBegunAt = begunAt
        return
      }
      await replicas.announce()
    }
  }

  function apply(found: Look): void {
    const { epoch, changes } = found
    const news = epoch - seen
    if (news !== 0) {
      const isKnown = changes !== null && changes.length === news && !changes.includes(null)
      if (isKnown) stamps.changed(changes.flatMap((ids) => ids ?? []))
      // Too many to tell, or the epoch went back, as after a restored backup.
      else stamps.allChanged()
      seen = epoch
      isWanted = true
    }
    strikeOffSilent(found.looks)
  }

  /** A replica that was killed would hold up every revocation; one that only sleeps announces itself when it wakes. */
  function strikeOffSilent(looks: Readonly<Record<string, number>>): void {
    const now = performance.now()
    for (const id of others.keys()) if (!(id in looks)) others.delete(id)
    for (const [id, count] of Object.entries(looks)) {
      const known = others.get(id)
      if (known === undefined || known.looks !== count) others.set(id, { looks: count, sinceMs: now })
      else if (id !== replicaId && now - known.sinceMs > silentMsMax) {
        replicas.strikeOff(id, count).catch(() => undefined)
      }
    }
  }

  function succeeded(): void {
    if (failure !== null) report('the database answers again')
    failure = null
    if (isWanted) wake()
  }

  function failed(cause: unknown): never {
    if (failure === null) report('the database does not answer', cause)
    failure = cause
    failedAt = performance.now()
    throw cause
  }

  /** Looks once more after whatever is underway, which may have begun before there was something to see. */
  function wake(): void {
    isWanted = true
    if (isRunning || isClosed) return
    isRunning = true
    void lookWhileWanted().finally(() => {
      isRunning = false
    })
  }

  async function lookWhileWanted(): Promise<void> {
    while (isWanted && !isClosed) {
      await underway?.catch(() => undefined)
      // Another one began in the meantime.
      if (underway !== null) continue
      isWanted = false
      // A failure is tried again by the next poll.
      await look().catch(() => undefined)
    }
  }

  function pollLater(): void {
    poll = setTimeout(
      () => {
        wake()
        pollLater()
      },
      failure === null ? pollMs : pollMsAfterFailure,
    )
    poll.unref()
  }
}

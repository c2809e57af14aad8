import type pg from 'pg'
import { createChangeStamps } from './change-stamps.ts'
import { changesChannel } from './note-changes.ts'
import { keepListening } from './postgres-listener.ts'
import type { BoundedPool } from './postgres-pool.ts'
import type { FeedState } from './query.ts'
import { createReplicas, type Look, trustMs } from './replicas.ts'
import { watchSilentReplicas } from './silent-replicas.ts'
import { unavailable } from './unavailable.ts'

/** Tells of what concerns whoever runs the service; the cause is an error that may be logged. */
export type Report = (message: string, cause?: unknown) => void

const pollMs = 1000
const pollMsAfterFailure = 250
/** After a failed look the next one waits so long: a database that comes back is not to be met by a storm. */
const failurePauseMs = 100

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
  const stamps = createChangeStamps()
  const replicas = createReplicas(pool, replicaId)
  const silentReplicas = watchSilentReplicas(replicaId)
  let seen = 0
  let seenMark: string | null = null
  let lookBegunAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let failure: unknown = null
  let underway: Promise<void> | null = null
  /** That there is something to see, or to say, after the look that is underway. */
  let isWanted = false
  let isClosed = false
  let poll: NodeJS.Timeout | undefined
  let listener: ReturnType<typeof keepListening> | null = null

  return {
    /** @throws what the database says */
    async start(): Promise<void> {
      await look()
      listener = keepListening({
        connection,
        channels: {
          changes: changesChannel,
          probe: `keydesk_probe_${replicaId.replaceAll(/\W/g, '_').toLowerCase()}`,
        },
        notify: (channel) => pool.use((client) => client.query('SELECT pg_notify($1, $2)', [channel, ''])),
        notified: wake,
        stateChanged: (isListening, cause) => {
          if (isListening) report('hears of changes as they happen again')
          else report('does not hear of changes as they happen, and asks every second', cause)
        },
      })
      pollLater()
    },

    generation(): number | Promise<number> {
      if (isClosed) throw unavailable(new Error('the database was closed'))
      return isTrusted() ? stamps.tick() : lookAgain()
    },

    changedSince: stamps.changedSince,

    /** What this process has just committed. Others hear of it from the database, as this process does once more. */
    committed(ids: readonly string[]): void {
      stamps.changed(ids)
      wake()
    },

    state: (): FeedState => ({
      listening: listener?.isListening() ?? false,
      replicas: silentReplicas.count(),
      lookAgeMs: performance.now() - lookBegunAt,
    }),

    /** To be called when nothing is verified any more: from here on no revocation waits for this replica. */
    async close(): Promise<void> {
      isClosed = true
      clearTimeout(poll)
      listener?.close()
      await underway?.catch(() => undefined)
      await replicas.leave().catch(() => undefined)
    },
  }

  function isTrusted(): boolean {
    return performance.now() - lookBegunAt < trustMs
  }

  /** A look that is underway will do: what it shows is trusted from its start on. */
  async function lookAgain(): Promise<number> {
    if (underway === null && performance.now() - failedAt < failurePauseMs) throw unavailable(failure)
    try {
      await look()
    } catch (cause) {
      throw unavailable(cause)
    }
    if (!isTrusted()) throw unavailable(new Error('the look took too long'))
    return stamps.tick()
  }

  /** One at a time: each goes on from what the one before has seen. */
  function look(): Promise<void> {
    if (underway !== null) return underway
    if (isClosed) return Promise.reject(new Error('the database was closed'))
    isWanted = false
    underway = lookOnce()
      .then(succeeded, failed)
      .finally(() => {
        underway = null
        // After a failure the next poll tries again.
        if (isWanted && failure === null) wake()
      })
    return underway
  }

  async function lookOnce(): Promise<void> {
    let begunAt = performance.now()
    let found = await replicas.look(seen)
    if (found === null) {
      await replicas.announce()
      begunAt = performance.now()
      found = await replicas.look(seen)
    }
    if (found === null) throw new Error('this replica cannot announce itself')
    apply(found)
    lookBegunAt = begunAt
  }

  function apply(found: Look): void {
    const { epoch, changes, mark } = found
    const news = epoch - seen
    // By the mark it is the same history: a failover may have lost what was seen, and count on from before it.
    const isSameHistory = seenMark !== null && found.seenMark === seenMark
    const isKnown = news === 0 || (changes !== null && changes.length === news && !changes.includes(null))
    if (!isSameHistory || !isKnown) stamps.allChanged()
    else if (news !== 0) stamps.changed((changes ?? []).flatMap((ids) => ids ?? []))
    // What has been seen is said by the next look.
    if (news !== 0) isWanted = true
    seen = epoch
    seenMark = mark
    for (const silent of silentReplicas.see(found.looks)) {
      replicas.strikeOff(silent.id, silent.looks).catch(() => undefined)
    }
  }

  function succeeded(): void {
    if (failure !== null) report('the database answers again')
    failure = null
  }

  function failed(cause: unknown): never {
    if (failure === null) report('the database does not answer', cause)
    failure = cause
    failedAt = performance.now()
    throw cause
  }

  /** Looks, or once more after the look that is underway: that one may have begun before there was something to see. */
  function wake(): void {
    isWanted = true
    if (underway === null && !isClosed) void look().catch(() => undefined)
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

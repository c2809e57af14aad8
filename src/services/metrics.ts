import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ErrorCode } from '../domain/errors.ts'
import type { Confirmation, FeedState } from '../storage/query.ts'

export type Metrics = ReturnType<typeof createMetrics>

const liveKeysMaxAgeMs = 60_000

/** What is counted and timed. No label holds an id, an email or a key. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const verifications = createTally('outcome', {
    name: 'keydesk_verifications_total',
    help: 'Verifications of keys, by outcome: valid, or the code of the refusal.',
    registers,
  })
  const keyMemory = createTally('result', {
    name: 'keydesk_key_memory_total',
    help: 'Verifications answered from memory (hit), by reading the record again (stale), or by reading and hashing (miss).',
    registers,
  })
  const argon2Seconds = new Histogram({
    name: 'keydesk_argon2_seconds',
    help: 'Time of one Argon2id hash, without waiting.',
    buckets: [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1],
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'keydesk_request_seconds',
    help: 'Time from a request to its answer, by route and status.',
    labelNames: ['route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  const signIns = createTally('outcome', {
    name: 'keydesk_sign_ins_total',
    help: 'Finished sign-ins, by outcome: succeeded, or the code of the refusal.',
    registers,
  })
  const revocationSeconds = new Histogram({
    name: 'keydesk_revocation_seconds',
    help: 'Time from the commit of a revocation until no replica accepts what was revoked.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5],
    registers,
  })
  const silentReplicas = new Counter({
    name: 'keydesk_revocation_silent_replicas_total',
    help: 'Replicas that did not confirm a revocation, so that it had to wait until they had lost their trust.',
    registers,
  })
  const requestTimers = new Map<string, { observe(seconds: number): void }>()

  return {
    countVerification: (outcome: ErrorCode | 'valid') => verifications(outcome),
    countKeyMemory: (result: 'hit' | 'stale' | 'miss') => keyMemory(result),
    countSignIn: (outcome: ErrorCode | 'succeeded') => signIns(outcome),

    observeRequest(route: string, status: number, milliseconds: number): void {
      const name = `${status} ${route}`
      let timer = requestTimers.get(name)
      if (timer === undefined) {
        timer = requestSeconds.labels(route, String(status))
        requestTimers.set(name, timer)
      }
      timer.observe(milliseconds / 1000)
    },

    async timeArgon2<Result>(work: () => Promise<Result>): Promise<Result> {
      const end = argon2Seconds.startTimer()
      return work().finally(end)
    },

    /** How long it took until no replica accepted what was revoked, and what each said. */
    observeRevocation(milliseconds: number, replicas: readonly Confirmation[]): void {
      revocationSeconds.observe(milliseconds / 1000)
      silentReplicas.inc(replicas.filter(({ confirmed }) => !confirmed).length)
    },

    /** How this replica hears of what the others change. */
    watchFeed(state: () => FeedState): void {
      const gauge = (name: string, help: string, read: (state: FeedState) => number) =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(read(state()))
          },
        })
      gauge('keydesk_feed_listening', '1 while the database tells of changes as they happen.', (feed) =>
        Number(feed.listening),
      )
      gauge(
        'keydesk_feed_look_age_seconds',
        'Time since the start of the last look at the database that succeeded. Past 2 nothing is trusted.',
        (feed) => feed.lookAgeMs / 1000,
      )
      gauge('keydesk_replicas', 'Replicas that announce themselves.', (feed) => feed.replicas)
    },

    watchArgon2Queue(length: () => number): void {
      new Gauge({
        name: 'keydesk_argon2_queue_length',
        help: 'Hashes that wait for their turn.',
        registers,
        collect() {
          this.set(length())
        },
      })
    },

    /** The count is read at most once a minute: with a million keys it is not free. */
    watchLiveKeys(count: () => Promise<number>): void {
      let countedAt = Number.NEGATIVE_INFINITY
      new Gauge({
        name: 'keydesk_live_keys',
        help: 'Keys that are neither revoked nor expired, as of the last minute.',
        registers,
        async collect() {
          if (performance.now() - countedAt < liveKeysMaxAgeMs) return
          // Metrics are wanted most when something fails: a count that cannot be made is "not a number", and no more.
          const live = await count().catch(() => Number.NaN)
          this.set(live)
          if (!Number.isNaN(live)) countedAt = performance.now()
        },
      })
    },

    contentType: registry.contentType,
    text: (): Promise<string> => registry.metrics(),
    /** Nothing is measured from now on. Node keeps observers of its own alive, and with them whatever the metrics read. */
    close: (): void => registry.clear(),
  }
}

/** A counter with one label that costs an addition: prom-client, which hashes labels, is told when somebody reads. */
function createTally(
  label: string,
  options: { name: string; help: string; registers: Registry[] },
): (value: string) => void {
  const counts = new Map<string, number>()
  new Counter({
    ...options,
    labelNames: [label],
    collect() {
      this.reset()
      for (const [value, count] of counts) this.inc({ [label]: value }, count)
    },
  })
  return (value) => {
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
}

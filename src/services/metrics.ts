import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

const liveKeysMaxAgeMs = 60_000

/** What is counted and timed. No label holds an id, an email or a key. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const verifications = new Counter({
    name: 'keydesk_verifications_total',
    help: 'Verifications of keys, by outcome: valid, or the code of the refusal.',
    labelNames: ['outcome'],
    registers,
  })
  const keyMemory = new Counter({
    name: 'keydesk_key_memory_total',
    help: 'Verifications answered from memory (hit), by reading the record again (stale), or by Argon2id (miss).',
    labelNames: ['result'],
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
  const signIns = new Counter({
    name: 'keydesk_sign_ins_total',
    help: 'Finished sign-ins, by outcome: succeeded, or the code of the refusal.',
    labelNames: ['outcome'],
    registers,
  })
  const requestTimers = new Map<string, { observe(seconds: number): void }>()

  return {
    countVerification: bound((outcome: string) => verifications.labels(outcome)),
    countKeyMemory: bound((result: 'hit' | 'stale' | 'miss') => keyMemory.labels(result)),
    countSignIn: bound((outcome: string) => signIns.labels(outcome)),

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
          this.set(await count())
          countedAt = performance.now()
        },
      })
    },

    contentType: registry.contentType,
    text: (): Promise<string> => registry.metrics(),
  }
}

/** Looks up the counter of a label once: prom-client hashes labels on every call otherwise. */
function bound<Label extends string>(counterOf: (label: Label) => { inc(): void }): (label: Label) => void {
  const counters = new Map<Label, { inc(): void }>()
  return (label) => {
    let counter = counters.get(label)
    if (counter === undefined) {
      counter = counterOf(label)
      counters.set(label, counter)
    }
    counter.inc()
  }
}

import { setTimeout as after } from 'node:timers/promises'
import { type Connection, openConnection } from '../load/connection.ts'
import { requestFor } from '../load/requests.ts'

/** One request with a key at one replica, in milliseconds of this process's clock. */
export interface Probe {
  readonly sentAt: number
  readonly answeredAt: number
  readonly status: number
}

/** Asks one replica about keys. */
export interface Prober {
  /** Asks once, on a connection that nothing else is waiting on. */
  askOnce(keyText: string): Promise<Probe>
  /** Asks about the key again and again, until it is stopped; then everything that was answered, in order. */
  watch(keyText: string): { stop(): Promise<readonly Probe[]>; seen(): readonly Probe[] }
  close(): void
}

const triesMax = 100

export async function openProber(port: number, pauseMs: number): Promise<Prober> {
  const watching = await openConnection(port)
  const single = await openConnection(port)
  return {
    askOnce: (keyText) => ask(single, requestFor(port, keyText)),

    watch(keyText) {
      const request = requestFor(port, keyText)
      const probes: Probe[] = []
      let isOver = false
      const running = (async () => {
        while (!isOver) {
          probes.push(await ask(watching, request))
          await after(pauseMs)
        }
      })()
      return {
        seen: () => probes,
        async stop() {
          isOver = true
          await running
          return probes
        },
      }
    },

    close() {
      watching.close()
      single.close()
    },
  }
}

/**
 * Makes every replica remember the key: the second answer comes from its memory.
 * @throws when one of them refuses it. A 503 is asked again: a machine at its limit may miss the 500 ms of a look.
 */
export async function warmKey(probers: readonly Prober[], keyText: string): Promise<void> {
  for (const prober of probers) {
    let good = 0
    for (let tries = 0; good < 2; tries += 1) {
      const { status } = await prober.askOnce(keyText)
      if (status === 200) good += 1
      else if (status !== 503 || tries > triesMax) throw new Error(`a good key was answered with ${status}`)
    }
  }
}

function ask(connection: Connection, request: Buffer): Promise<Probe> {
  const sentAt = performance.now()
  return new Promise((done) => {
    connection.ask(request, (status) => done({ sentAt, answeredAt: performance.now(), status }))
  })
}

import type { Server } from '../servers.ts'
import type { BenchSettings } from '../settings.ts'
import { runLoad } from '../start-load.ts'

export interface Restart {
  readonly clients: number
  /** From the first request after the start to the last client's answer, which is when the queue is empty. */
  readonly recoverySeconds: number
  readonly firstAnswersMs: { readonly p50: number; readonly max: number }
  /** When the queue is empty, at the modest rate. */
  readonly p99AfterMs: number
}

/** A process that has just started, and as many clients as it has active keys, all at once: all have to be served. */
export async function measureRestart(
  server: Server,
  keyFile: string,
  settings: BenchSettings,
): Promise<Restart> {
  const { port } = server
  const clients = settings.restartClients
  const first = await runLoad(
    {
      port,
      connections: clients,
      keys: { from: 'file', file: keyFile, order: 'in turn' },
      pace: { kind: 'once' },
    },
    [200],
  )
  if (first.requests !== clients) throw new Error(`${first.requests} of ${clients} clients were served`)
  const after = await runLoad(
    {
      port,
      connections: settings.connections,
      keys: { from: 'file', file: keyFile, order: 'random' },
      pace: {
        kind: 'rate',
        perSecond: settings.latencyPerSecond,
        seconds: settings.latencySeconds,
        leadInSeconds: 1,
      },
    },
    [200],
  )
  return {
    clients,
    recoverySeconds: first.seconds,
    firstAnswersMs: { p50: first.latencyMs.p50, max: first.latencyMs.max },
    p99AfterMs: after.latencyMs.p99,
  }
}

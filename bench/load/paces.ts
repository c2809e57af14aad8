import { Worker } from 'node:worker_threads'
import type { Connection } from './connection.ts'
import { clockMs } from './plan.ts'
import type { RequestSource } from './requests.ts'
import type { Samples } from './samples.ts'

export interface Load {
  readonly connections: readonly Connection[]
  readonly source: RequestSource
  readonly samples: Samples
}

/** Every connection asks again when it was answered, until the promise `over` resolves or no request is left. */
export async function loadFast({ connections, source, samples }: Load, over: Promise<void>): Promise<void> {
  let isOver = false
  let busy = 0
  await new Promise<void>((finished) => {
    const askNext = (connection: Connection, index: number): void => {
      const request = isOver ? null : source.next(index)
      if (request === null) {
        if (busy === 0) finished()
        return
      }
      busy += 1
      const sentAtMs = clockMs()
      connection.ask(request, (status) => {
        busy -= 1
        if (!isOver) samples.add(status, clockMs() - sentAtMs)
        askNext(connection, index)
      })
    }
    for (const [index, connection] of connections.entries()) askNext(connection, index)
    over.then(() => {
      isOver = true
    })
  })
}

/**
 * Requests are due at fixed times. One that finds every connection busy waits, and its latency counts from when it was
 * due: a server that stalls cannot hide it by keeping the generator from asking.
 */
export async function loadAtRate(
  { connections, source, samples }: Load,
  perSecond: number,
  over: Promise<void>,
): Promise<void> {
  const idle = [...connections.entries()]
  const overdue: number[] = []
  const ask = (index: number, connection: Connection, dueMs: number): void => {
    const request = source.next(index)
    if (request === null) return
    const lagMs = clockMs() - dueMs
    connection.ask(request, (status) => {
      samples.add(status, clockMs() - dueMs, lagMs)
      const nextDueMs = overdue.shift()
      if (nextDueMs === undefined) idle.push([index, connection])
      else ask(index, connection, nextDueMs)
    })
  }
  const stopCell = new Int32Array(new SharedArrayBuffer(4))
  const workerData = { startMs: clockMs() + 100, perSecond, stopCell }
  const metronome = new Worker(new URL('./metronome.mjs', import.meta.url), { workerData, execArgv: [] })
  metronome.on('message', (dueMs: number) => {
    const free = idle.shift()
    if (free === undefined) overdue.push(dueMs)
    else ask(free[0], free[1], dueMs)
  })
  await over
  Atomics.store(stopCell, 0, 1)
  Atomics.notify(stopCell, 0)
  await metronome.terminate()
}

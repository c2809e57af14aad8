import { parentPort, workerData } from 'node:worker_threads'

/*
 * Says when a request is due, from a thread of its own: timers of an event loop are a millisecond coarse, which is more
 * than what is measured. It sleeps on a shared cell, so it costs next to nothing and can be woken to stop.
 * Plain JavaScript, because a worker of Node 20 is not reached by tsx.
 */

/** @type {{ startMs: number, perSecond: number, stopCell: Int32Array }} */
const { startMs, perSecond, stopCell } = workerData
const clockMs = () => Number(process.hrtime.bigint()) / 1e6

for (let count = 0; Atomics.load(stopCell, 0) === 0; count += 1) {
  const dueMs = startMs + (count * 1000) / perSecond
  const waitMs = dueMs - clockMs()
  if (waitMs > 0) Atomics.wait(stopCell, 0, 0, waitMs)
  if (Atomics.load(stopCell, 0) === 0) parentPort?.postMessage(dueMs)
}

import { setTimeout as after } from 'node:timers/promises'
import { openConnection } from './load/connection.ts'
import { loadAtRate, loadFast } from './load/paces.ts'
import type { LoadPlan, LoadResult } from './load/plan.ts'
import { createRequestSource } from './load/requests.ts'
import { createSamples } from './load/samples.ts'

/*
 * The load generator, a process of its own: `load.ts '<LoadPlan as JSON>'`. It writes `running` when the lead-in is over
 * and the LoadResult as JSON at the end. It stops early when its standard input ends.
 */

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, () => openConnection(plan.port)),
  )
  const stopped = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve)
    process.stdin.resume()
  })
  const result = await run(plan, connections, stopped)
  for (const connection of connections) connection.close()
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
}

async function run(
  plan: LoadPlan,
  connections: readonly Awaited<ReturnType<typeof openConnection>>[],
  stopped: Promise<void>,
): Promise<LoadResult> {
  const { pace } = plan
  const samples = createSamples()
  const load = { connections, source: createRequestSource(plan), samples }
  if (pace.kind === 'once') {
    samples.begin()
    process.stdout.write('running\n')
    await loadFast(load, stopped)
    return samples.result()
  }
  const over = (async () => {
    await Promise.race([after(pace.leadInSeconds * 1000), stopped])
    samples.begin()
    process.stdout.write('running\n')
    await (pace.seconds === null ? stopped : Promise.race([after(pace.seconds * 1000), stopped]))
  })()
  // Taken the moment it is over: what is still under way then is not counted.
  const result = over.then(() => samples.result())
  await (pace.kind === 'fast' ? loadFast(load, over) : loadAtRate(load, pace.perSecond, over))
  return result
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
})

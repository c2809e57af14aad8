import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { measureCold } from './measure/cold.ts'
import { measureLatency } from './measure/latency.ts'
import { measureFreshStarts } from './measure/memory.ts'
import { measureRestart } from './measure/restart.ts'
import { type Contestant, measureThroughput } from './measure/throughput.ts'
import type { Measurements } from './measurements.ts'
import { buildProduct, installPeer } from './prepare.ts'
import { killAll, readMemory, stopAll } from './processes.ts'
import { makeRows, writeNotes, writeTable } from './report.ts'
import { defaultHashCost } from './seed.ts'
import { imageEnvironment } from './servers.ts'
import { type BenchSettings, readBenchSettings } from './settings.ts'
import { type Stage, setStage } from './stage.ts'

/*
 * `npm run bench`: everything that the table in the README says, measured in one run, side by side. The table goes to
 * standard output and every value to `bench/results`; `BENCH_QUICK=1` is for trying it.
 */

const settings = readBenchSettings()
const say = (line: string) => void process.stderr.write(`${line}\n`)

async function main(): Promise<void> {
  const loadBefore = loadavg()[0] ?? Number.NaN
  say('Building')
  buildProduct()
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-bench-'))
  cleanUpAtExit(folder)
  const stage = await setStage(folder, settings, installPeer(), say)
  const measured = await measure(stage, settings)
  await stopAll()
  const cost = defaultHashCost()
  const rows = makeRows(measured, settings)
  const notes = writeNotes(measured, cost, stage.peerProblem)
  process.stdout.write(`${writeTable(rows)}\n\n${notes}\n`)

  const at = new Date().toISOString()
  const machine = {
    cores: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    loadBefore,
  }
  const results = {
    at,
    machine,
    settings,
    productEnvironment: imageEnvironment,
    hashCost: cost,
    rows,
    notes: notes.split('\n'),
    measured,
  }
  const resultsFolder = join(import.meta.dirname, 'results')
  mkdirSync(resultsFolder, { recursive: true })
  const name = `${at.slice(0, 16).replace(':', '')}${settings.quick ? '-quick' : ''}.json`
  writeFileSync(join(resultsFolder, name), `${JSON.stringify(results, null, 2)}\n`)
  say(`Written to bench/results/${name}`)
}

async function measure(stage: Stage, settings: BenchSettings): Promise<Measurements> {
  const { servers, files, keys, folder } = stage
  say('Fresh starts')
  const freshStarts = await measureFreshStarts(folder, stage.masterKey, settings.rounds)

  say('As fast as they answer')
  const contestant = <Name extends string>(
    name: Name,
    server: Contestant['server'],
    file: string | null,
    status = 200,
  ) => {
    const keys =
      file === null ? ({ from: 'forger' } as const) : ({ from: 'file', file, order: 'random' } as const)
    return { name, server, keys, status }
  }
  const throughput = await measureThroughput(
    [
      contestant('limit200', servers.limit200, files.few),
      contestant('warm', servers.few, files.few),
      contestant('limit401', servers.limit401, null, 401),
      contestant('forged', servers.forged, null, 401),
      contestant('warmOnly', servers.warmOnly, files.warm),
      contestant('many', servers.many, files.warm),
      ...(servers.peer === null ? [] : [contestant('peer', servers.peer, files.peer)]),
    ],
    settings,
    say,
  )
  const afterLoad = readMemory(servers.many.pid)

  say('At a fixed rate')
  const latencyFiles = { warm: files.latencyWarm, cold: files.cold, database: files.latencyDatabase }
  const latency = await measureLatency(servers.latency, latencyFiles, keys.cold, settings, say)

  say('Cold keys')
  const cold = await measureCold(servers.many, folder, keys.cold, defaultHashCost(), settings, say)

  say('Restart')
  const { server, keyFile } = await stage.startWithActiveKeys(settings.restartClients)
  const restart = await measureRestart(server, keyFile, settings)
  return {
    throughput,
    latency,
    cold,
    memory: { freshStarts, afterWarming: stage.warmedMemory, afterLoad },
    startSecondsWithMany: servers.many.startSeconds,
    restart,
  }
}

/** Ends every process that was started and removes what was written, however the run ends. */
function cleanUpAtExit(folder: string): void {
  process.once('exit', () => {
    killAll()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  setTimeout(() => {
    say(`The bench was given up after ${settings.secondsMax} s`)
    process.exit(1)
  }, settings.secondsMax * 1000).unref()
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exit(1)
  },
)

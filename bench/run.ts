import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Part, PartContext } from './part.ts'
import { engines } from './parts/engines.ts'
import { lists } from './parts/lists.ts'
import { proxies } from './parts/proxies.ts'
import { replicas } from './parts/replicas.ts'
import { verification } from './parts/verification.ts'
import { buildProduct } from './prepare.ts'
import { killAll, stopAll } from './processes.ts'
import { imageEnvironment } from './servers.ts'

/*
 * `npm run bench` measures verification on SQLite, `npm run bench -- replicas` revocations across replicas, and
 * `npm run bench -- engines` Postgres against SQLite, `npm run bench -- lists` every list and page with much in the
 * database, `npm run bench -- proxies` what proxies ask, and real ones with Keydesk and without: everything of a part in one run, side by side. The table goes to standard output and every value to
 * `bench/results`; `BENCH_QUICK=1` is for trying it.
 */

const parts: Readonly<Record<string, Part>> = { verification, replicas, engines, lists, proxies }
const quick = process.env.BENCH_QUICK === '1'
const say = (line: string) => void process.stderr.write(`${line}\n`)

async function main(): Promise<void> {
  const [name = 'verification', ...rest] = process.argv.slice(2)
  const part = Object.hasOwn(parts, name) ? parts[name] : undefined
  if (part === undefined || rest.length > 0) {
    throw new Error(`npm run bench -- <part>, where the part is one of: ${Object.keys(parts).join(', ')}`)
  }
  const loadBefore = loadavg()
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-bench-'))
  cleanUpAtExit(folder, part.secondsMax(quick))
  say('Building')
  buildProduct()
  const { text, results } = await runToItsEnd(part, folder)
  process.stdout.write(`${text}\n`)
  write(name, {
    at: new Date().toISOString(),
    machine: { ...describeMachine(), loadBefore: loadBefore[0], loadAfter: loadavg()[0] },
    productEnvironment: imageEnvironment,
    ...results,
  })
}

async function runToItsEnd(part: Part, folder: string) {
  const ends: (() => Promise<void> | void)[] = []
  const context: PartContext = { quick, folder, say, atEnd: (end) => void ends.unshift(end) }
  try {
    return await part.run(context)
  } finally {
    await stopAll()
    for (const end of ends) await end()
  }
}

function write(part: string, results: Readonly<Record<string, unknown>> & { at: string }): void {
  const resultsFolder = join(import.meta.dirname, 'results')
  mkdirSync(resultsFolder, { recursive: true })
  const time = results.at.slice(0, 16).replace(':', '')
  const name = `${time}${part === 'verification' ? '' : `-${part}`}${quick ? '-quick' : ''}.json`
  writeFileSync(join(resultsFolder, name), `${JSON.stringify(results, null, 2)}\n`)
  say(`Written to bench/results/${name}`)
}

function describeMachine() {
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  }
}

/** Ends every process that was started and removes what was written, however the run ends. */
function cleanUpAtExit(folder: string, secondsMax: number): void {
  process.once('exit', () => {
    killAll()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  setTimeout(() => {
    say(`The bench was given up after ${secondsMax} s`)
    process.exit(1)
  }, secondsMax * 1000).unref()
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exit(1)
  },
)

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'

export const root = resolve(import.meta.dirname, '..')
/** How to run a TypeScript file of the bench in a process of its own. */
export const typescript = ['--enable-source-maps', '--import', import.meta.resolve('tsx')]

export interface ChildRun {
  readonly pid: number
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  /** What it said on standard error, the end of it. */
  complaints(): string
  /** SIGTERM, and SIGKILL after ten seconds. Resolves when it is gone. */
  stop(): Promise<void>
}

const running = new Set<ChildRun>()

interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly piped?: boolean
  /** The one core that it may use; without it all of them. */
  readonly core?: number | undefined
}

/** Starts Node with these parameters and nothing of our environment but what a process needs to run at all. */
export function startNode(parameters: readonly string[], options: RunOptions = {}): ChildRun {
  const { core } = options
  return core === undefined
    ? startProgram(process.execPath, parameters, options)
    : startProgram('taskset', ['-c', String(core), process.execPath, ...parameters], options)
}

/** The same with another program. */
export function startProgram(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): ChildRun {
  const child = spawn(program, parameters, {
    cwd: options.cwd ?? root,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      ...options.environment,
    },
    stdio: options.piped ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4000)
  })
  const ended = new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => {
      running.delete(run)
      done(code)
    })
  })
  const run: ChildRun = {
    pid: child.pid ?? 0,
    child,
    ended,
    complaints: () => complaints,
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      child.kill('SIGTERM')
      await ended
      clearTimeout(timer)
    },
  }
  running.add(run)
  return run
}

/** Ends every process that was started here in good order. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((run) => run.stop()))
}

/** Ends every process that was started here, at once. */
export function killAll(): void {
  for (const { child } of running) child.kill('SIGKILL')
}

/** Waits until somebody listens on the port. @throws when the process ends first. */
export async function untilListening(port: number, run: ChildRun, secondsMax = 60): Promise<void> {
  const giveUpAt = performance.now() + secondsMax * 1000
  for (;;) {
    if (await isListening(port)) return
    if (run.child.exitCode !== null || performance.now() > giveUpAt) {
      throw new Error(`a server did not start:\n${run.complaints()}`)
    }
    await after(20)
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => done(true)).once('error', () => done(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening))
  const address = probe.address()
  await new Promise((closed) => probe.close(closed))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** Resident memory in MiB: now, and at its highest. Linux only. */
export function readMemory(pid: number): { residentMib: number; highestMib: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
  return { residentMib: kib('VmRSS') / 1024, highestMib: kib('VmHWM') / 1024 }
}

/** Processor time that a process has used so far, in microseconds. Linux only. */
export function readCpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  // Fields 14 and 15 of proc(5), in ticks of 10 ms; two are before the name's bracket, which is cut off here.
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Begins to count how much of all cores nobody used; the answer says it, as a share. Near 0, waiting was measured. */
export function countIdleCores(): () => number {
  const read = () => {
    let idle = 0
    let all = 0
    for (const { times } of cpus()) {
      idle += times.idle
      for (const ms of Object.values(times)) all += ms
    }
    return { idle, all }
  }
  const before = read()
  return () => {
    const { idle, all } = read()
    return (idle - before.idle) / (all - before.all)
  }
}

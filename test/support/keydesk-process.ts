import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestGateway } from './gateway.ts'
import { askForShared } from './shared.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

type Settings = Readonly<Record<string, string>>

/** How a process ended, and all that it said until then. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** From its start, in milliseconds. */
  readonly ranMs: number
}

export interface RunningProcess {
  readonly pid: number
  /** Each piece of standard output as it came. */
  readonly log: string[]
  stdout(): string
  stderr(): string
  /** Resolves when standard output holds the text; rejects when the process ends first, or does not say it in time. */
  said(text: string, withinMs?: number): Promise<void>
  signal(name: NodeJS.Signals): void
  /** The same to the whole process group, as a terminal does on Ctrl-C. */
  signalGroup(name: NodeJS.Signals): void
  readonly ended: Promise<Ending>
}

/** The real gateway in a process of its own: what a `TestGateway` can do, and signals. */
export interface KeydeskProcess extends TestGateway {
  readonly port: number
  /** The present process; another one after `restart`. */
  process(): RunningProcess
  /** Starts it again on the same port and database, after it has ended. */
  start(settings?: Settings): Promise<void>
}

const root = resolve(import.meta.dirname, '../..')
/** tsx looks for it in the working directory, which is not ours: a `.env` of a developer must not count. */
const compilerSettings = { TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') }

/**
 * Starts the real gateway, compiled, unless `command` says otherwise, on a free port, and waits until it listens. The
 * database is its own, unless it is one `beside` another, with whose master key it starts.
 */
export async function startKeydesk(
  settings: Settings | ((url: string) => Promise<Settings>) = {},
  options: {
    command?: readonly string[]
    cwd?: string
    beside?: { readonly database: TestDatabase; readonly masterKey: string }
  } = {},
): Promise<KeydeskProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-process-'))
  const database = options.beside?.database ?? (await createTestDatabase())
  const masterKey = options.beside?.masterKey ?? randomBytes(32).toString('hex')
  const port = await freePort()
  const url = `http://localhost:${port}`
  const own = typeof settings === 'function' ? await settings(url) : settings
  const log: string[] = []
  let present: RunningProcess | undefined

  function running(): RunningProcess {
    if (present === undefined) throw new Error('Keydesk has not been started')
    return present
  }

  async function start(overrides: Settings = {}): Promise<void> {
    const environment = {
      ...compilerSettings,
      PORT: String(port),
      HOST: '127.0.0.1',
      AUTH_BASE_URL: url,
      PROXY_MASTER_KEY: masterKey,
      DATABASE_URL: database.url,
      ARGON2_MEMORY_KIB: '64',
      ARGON2_TIME_COST: '1',
      ...own,
      ...overrides,
    }
    present = spawnProcess(options.command ?? (await compiled()), environment, options.cwd ?? folder, log)
    await present.said('Keydesk listens')
  }

  async function stop(): Promise<void> {
    running().signal('SIGTERM')
    await running().ended
  }

  // A kept connection would be a dead one after a restart.
  const fetchPath = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    headers.set('connection', 'close')
    return fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers })
  }

  await start()
  return {
    url,
    port,
    masterKey,
    database,
    log,
    process: running,
    start,
    fetch: fetchPath,
    asAdmin: (path, init = {}) => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${masterKey}`)
      return fetchPath(path, { ...init, headers })
    },
    restart: async (overrides) => {
      await stop()
      await start(overrides)
    },
    close: async () => {
      running().signalGroup('SIGKILL')
      await running().ended
      rmSync(folder, { recursive: true, force: true })
      if (options.beside === undefined) await database.drop()
    },
  }
}

/** Runs the compiled gateway with exactly these settings until it ends by itself, and kills it when it does not. */
export async function runKeydesk(
  settings: Settings,
  options: { cwd?: string; uid?: number } = {},
): Promise<Ending> {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-run-'))
  const child = spawnProcess(await compiled(), settings, options.cwd ?? folder, [], options.uid)
  const timer = setTimeout(() => child.signal('SIGKILL'), 15_000)
  const ending = await child.ended
  clearTimeout(timer)
  rmSync(folder, { recursive: true, force: true })
  return ending
}

async function compiled(): Promise<readonly string[]> {
  return [process.execPath, await askForShared('compiled-main')]
}

/** Spawns a command in a process group of its own, with these settings and nothing else of our environment. */
export function spawnProcess(
  command: readonly string[],
  settings: Settings,
  cwd: string,
  log: string[] = [],
  uid?: number,
): RunningProcess {
  const [program = process.execPath, ...parameters] = command
  const begunAt = performance.now()
  const child = spawn(program, parameters, {
    cwd,
    env: { ...inherited(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const killWithUs = () => signalGroup(child.pid, 'SIGKILL')
  process.once('exit', killWithUs)
  const errors: string[] = []
  const lines: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines.push(text)
    log.push(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => void errors.push(text))
  const stdout = () => lines.join('')
  const stderr = () => errors.join('')
  const ended = new Promise<Ending>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => {
      process.off('exit', killWithUs)
      done({ code, signal, stdout: stdout(), stderr: stderr(), ranMs: performance.now() - begunAt })
    })
  })
  return {
    pid: child.pid ?? 0,
    log,
    stdout,
    stderr,
    said: (text, withinMs = 30_000) => whenSaid(child, stdout, stderr, text, withinMs),
    signal: (name) => void child.kill(name),
    signalGroup: (name) => signalGroup(child.pid, name),
    ended,
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // Nobody of the group is left.
  }
}

function whenSaid(
  child: ChildProcess,
  stdout: () => string,
  stderr: () => string,
  text: string,
  withinMs: number,
): Promise<void> {
  return new Promise((done, fail) => {
    const giveUp = (why: string) => () => fail(new Error(`${why}\n${stdout()}\n${stderr()}`))
    const timer = setTimeout(giveUp(`"${text}" was not said within ${withinMs} ms`), withinMs)
    const look = () => {
      if (!stdout().includes(text)) return
      clearTimeout(timer)
      done()
    }
    child.stdout?.on('data', look)
    child.once('close', () => {
      clearTimeout(timer)
      giveUp(`the process ended before it said "${text}"`)()
    })
    look()
  })
}

/** What a process needs to run at all. Settings of ours, and NODE_OPTIONS of the test runner, stay behind. */
function inherited(): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG']) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening))
  const { port } = probe.address() as AddressInfo
  await new Promise((closed) => probe.close(closed))
  return port
}

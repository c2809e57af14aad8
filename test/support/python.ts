import { execFile, execFileSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe } from 'vitest'
import { freePort, spawnProcess } from './keydesk-process.ts'

/** Debian's, which has the packages. PYTHON_PATH names another one. */
const pythonPath = process.env.PYTHON_PATH || '/usr/bin/python3'
const install =
  'apt-get install python3-fastapi python3-jwt python3-cryptography python3-httpx python3-uvicorn'
const folderOf = (example: string) => fileURLToPath(new URL(`../../examples/${example}/`, import.meta.url))
let hasSaid = false
/** No compiled files beside the examples. */
const environment = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' }

/**
 * `describe` for what runs a Python example. On a machine without its packages the tests are skipped, which one line says;
 * with CI set they fail.
 */
export function describeInPython(name: string, define: () => void): void {
  const isMissing = !hasPackages()
  if (isMissing && !process.env.CI) {
    // Not through the console, which Vitest takes hold of and spreads over several lines.
    if (!hasSaid) writeSync(1, `Skipped "${name}" and what follows: install packages with: ${install}\n`)
    hasSaid = true
    describe.skip(name, define)
    return
  }
  describe(name, () => {
    beforeAll(() => {
      if (isMissing) throw new Error(`CI needs Python packages: ${install}`)
    })
    define()
  })
}

function hasPackages(): boolean {
  try {
    execFileSync(pythonPath, ['-c', 'import cryptography, fastapi, httpx, jwt, uvicorn'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Runs the tests that an example brings along; answers what they said. Rejects when one fails. */
export async function runUnittest(example: string): Promise<string> {
  const env = { PATH: process.env.PATH, ...environment }
  const run = promisify(execFile)(pythonPath, ['-m', 'unittest'], { cwd: folderOf(example), env })
  return (await run).stderr
}

/** Runs a program among the modules of an example; answers what it printed. Rejects when it fails. */
export async function runPython(
  example: string,
  program: string,
  parameters: readonly string[],
  input: string,
): Promise<string> {
  const command = [pythonPath, '-c', program, ...parameters]
  const env = { PATH: process.env.PATH, ...environment }
  const running = promisify(execFile)(command[0] ?? '', command.slice(1), { cwd: folderOf(example), env })
  running.child.stdin?.end(input)
  return (await running).stdout.trim()
}

export interface PythonService {
  readonly url: string
  /** All that it said. */
  log(): string
  /** `fetch` over a connection of its own. */
  fetch(path: string, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

/** Starts `app:app` of an example as its README says, and waits until it listens. */
export async function startUvicorn(
  example: string,
  settings: Readonly<Record<string, string>>,
  uvicornFlags: readonly string[] = ['--no-proxy-headers'],
): Promise<PythonService> {
  const port = await freePort()
  const program = [pythonPath, '-m', 'uvicorn', 'app:app', '--port', String(port), ...uvicornFlags]
  // It says on standard error that it listens, and we listen to standard output.
  const command = ['/bin/sh', '-c', 'exec "$0" "$@" 2>&1', ...program]
  const running = spawnProcess(command, { ...environment, ...settings }, folderOf(example))
  const url = `http://127.0.0.1:${port}`
  const close = async () => {
    running.signal('SIGKILL')
    await running.ended
  }
  try {
    await running.said('Uvicorn running on')
  } catch (error) {
    await close()
    throw error
  }
  return {
    url,
    log: running.stdout,
    fetch: (path, headers = {}) => fetch(`${url}${path}`, { headers: { ...headers, connection: 'close' } }),
    close,
  }
}

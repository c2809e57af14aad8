import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe } from 'vitest'

const curl = '/usr/bin/curl'

/** `describe` for what runs curl. Without one the tests are skipped, which one line says; with CI set they fail. */
export function describeWithCurl(name: string, define: () => void): void {
  const isMissing = !existsSync(curl)
  if (isMissing && !process.env.CI) {
    writeSync(1, `Skipped "${name}": there is no ${curl}. Install it with: apt-get install curl\n`)
    describe.skip(name, define)
    return
  }
  describe(name, () => {
    beforeAll(() => {
      if (isMissing) throw new Error(`CI needs ${curl}: apt-get install curl`)
    })
    define()
  })
}

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** What others on the machine could have seen of each curl: its arguments and its environment. */
  readonly seen: string
}

/** A folder in which commands run, with a curl that writes down what others could see of it, and then is the real one. */
export interface CurlFolder {
  readonly path: string
  run(
    command: readonly string[],
    options?: { input?: string; environment?: Readonly<Record<string, string>> },
  ): Promise<Ran>
  remove(): void
}

export function makeCurlFolder(): CurlFolder {
  const path = mkdtempSync(join(tmpdir(), 'keydesk-curl-'))
  const record = join(path, 'seen')
  const recorder = `#!/bin/sh\n{ printf '%s\\n' "$@"; env; } >> ${record}\nexec ${curl} "$@"\n`
  writeFileSync(join(path, 'curl'), recorder, { mode: 0o755 })

  async function run([program = '', ...parameters]: readonly string[], options = {}): Promise<Ran> {
    const { input = '', environment = {} }: Parameters<CurlFolder['run']>[1] & object = options
    rmSync(record, { force: true })
    const env = { PATH: `${path}:${process.env.PATH}`, HOME: path, ...environment }
    const child = spawn(program, parameters, { cwd: path, env })
    const ended = new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
    child.stdin.on('error', () => {}).end(input)
    const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    const seen = existsSync(record) ? readFileSync(record, 'utf8') : ''
    return { status, stdout, stderr, seen }
  }

  return { path, run, remove: () => rmSync(path, { recursive: true, force: true }) }
}

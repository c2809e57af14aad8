import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { freePort } from './keydesk-process.ts'
import { serverUser } from './postgres-programs.ts'

/** Where Debian puts it. PGBOUNCER_PATH names another one. */
const program = process.env.PGBOUNCER_PATH || '/usr/sbin/pgbouncer'

export interface PgBouncer {
  /** The same URL, by way of this pooler. */
  through(url: string): string
  /** All that it said. */
  log(): string
  close(): Promise<void>
}

/**
 * `describe` for what needs a real PgBouncer. On a machine without one it is skipped, which one line says; with CI set a
 * missing one fails.
 */
export function describeBehindPgBouncer(name: string, define: () => void): void {
  if (existsSync(program) || process.env.CI) {
    describe(name, define)
    return
  }
  // Not through the console, which Vitest takes hold of and spreads over several lines.
  writeSync(1, `Skipped "${name}": there is no ${program}. Install it with: apt-get install pgbouncer\n`)
  describe.skip(name, define)
}

/**
 * Starts PgBouncer in transaction mode in front of the server of `url`, for the user of it. Few connections, so that they
 * change hands all the time.
 * @throws Error with its own words
 */
export async function startPgBouncer(url: string): Promise<PgBouncer> {
  if (!existsSync(program)) throw new Error(`CI needs ${program}: apt-get install pgbouncer`)
  const { port: serverPort, username, password } = new URL(url)
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-pgbouncer-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o644 })
    return join(folder, name)
  }
  const users = file('users.txt', `"${username}" "${decodeURIComponent(password)}"\n`)
  const settings = file(
    'pgbouncer.ini',
    `[databases]
* = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
`,
  )
  // As root it refuses to run.
  const user = serverUser()
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid)
  const child = spawn(program, [settings], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const killWithUs = () => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  let said = ''
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  await new Promise<void>((ready, fail) => {
    child.once('error', fail)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('process up')) ready()
    })
    void ended.then(() => fail(new Error(`PgBouncer did not start:\n${said}`)))
  })
  return {
    through(original) {
      const by = new URL(original)
      by.host = `127.0.0.1:${port}`
      return by.href
    },
    log: () => said,
    async close() {
      child.kill('SIGKILL')
      await ended
      process.off('exit', killWithUs)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

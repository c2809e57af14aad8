import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestGateway } from '../support/gateway.ts'
import { json } from '../support/json.ts'
import { freePort, type RunningProcess, spawnProcess } from '../support/keydesk-process.ts'
import { copyProject, type ProjectCopy } from '../support/project-copy.ts'
import { signInForKey } from '../support/sign-in.ts'
import { standInAccounts } from '../support/stand-in-provider.ts'

describe('npm run dev -- --postgres', () => {
  let project: ProjectCopy
  let dev: RunningProcess
  let settings: { PORT: string; STAND_IN_PORT: string }
  let key: string
  beforeAll(async () => {
    project = copyProject()
    // Where this runs as root, Postgres runs as somebody else.
    chmodSync(project.folder, 0o755)
    settings = { PORT: String(await freePort()), STAND_IN_PORT: String(await freePort()) }
    await start()
  })
  afterAll(async () => {
    // In order: killed, it would leave the gateway behind.
    dev?.signalGroup('SIGINT')
    await dev?.ended
    project?.remove()
  })

  async function start(): Promise<void> {
    dev = spawnProcess(['npm', 'run', 'dev', '--', '--postgres'], settings, project.folder)
    await dev.said('/admin/keys')
  }
  // Guarantee: signing in needs no more of a gateway than this.
  const gateway = () =>
    ({
      fetch: (path: string, init: RequestInit = {}) =>
        fetch(`http://127.0.0.1:${settings.PORT}${path}`, { redirect: 'manual', ...init }),
    }) as TestGateway
  const validate = async (text: string) =>
    json(await gateway().fetch('/v1/validate', { headers: { 'x-api-key': text, connection: 'close' } }))

  /** Asks the database at the URL that was printed. */
  async function ask(select: string): Promise<any[]> {
    const printed = /^ *psql "(.*)"$/m.exec(dev.stdout())?.[1] ?? ''
    const password = readFileSync(join(project.folder, 'data/dev-postgres/password'), 'utf8').trim()
    const client = new pg.Client(printed.replace('$(cat data/dev-postgres/password)', password))
    await client.connect()
    const { rows } = await client.query(select)
    await client.end()
    return rows
  }

  test('keeps its keys in a real Postgres, at the URL that it prints', async () => {
    const alice = standInAccounts.find(({ email }) => email === 'alice@example.com')
    key = await signInForKey(gateway(), alice?.sub ?? '')
    expect(await validate(key)).toMatchObject({ valid: true })
    expect(await ask('SELECT id FROM api_keys')).toEqual([{ id: key.split('_')[1] }])
    expect(existsSync(join(project.folder, 'data/keydesk-dev.db'))).toBe(false)
  })

  test('Ctrl-C ends the gateway and then the server, without a word of failure', async () => {
    dev.signalGroup('SIGINT')
    const ending = await dev.ended
    expect([0, 'SIGINT']).toContain(ending.code ?? ending.signal)
    expect(ending.stderr).not.toMatch(/error|ELIFECYCLE|Postgres/i)
    await expect(gateway().fetch('/healthz')).rejects.toThrow()
    // Postgres removes it when it has ended in order.
    expect(existsSync(join(project.folder, 'data/dev-postgres/data/postmaster.pid'))).toBe(false)
  })

  test('the next start has the same keys', async () => {
    await start()
    expect(await validate(key)).toMatchObject({ valid: true, key: { id: key.split('_')[1] } })
  })

  test.each([
    ['a flag that is not known', ['--', '--postgress'], {}, '--postgress'],
    ['a flag that npm keeps', ['--postgres'], {}, 'npm run dev -- --postgres'],
    ['another database', ['--', '--postgres'], { DATABASE_URL: 'file:./data/x.db' }, 'DATABASE_URL'],
  ])('%s is refused with a line that helps, and nothing is started', async (_, flags, more, helps) => {
    const refused = spawnProcess(['npm', 'run', 'dev', ...flags], { ...settings, ...more }, project.folder)
    const ending = await refused.ended
    expect(ending.code).toBe(1)
    expect(ending.stderr).toContain(helps)
    expect(ending.stderr).not.toMatch(/\n {4}at /)
    expect(ending.stdout).not.toContain('Keydesk is running')
  })
})

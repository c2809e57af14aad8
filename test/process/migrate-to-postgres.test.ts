import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDesk, deskSettings } from '../support/desk.ts'
import { type Ending, type KeydeskProcess, spawnProcess, startKeydesk } from '../support/keydesk-process.ts'
import { copyProject, type ProjectCopy } from '../support/project-copy.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'

describe('npm run migrate:to-postgres', () => {
  let project: ProjectCopy
  let keydesk: KeydeskProcess
  let target: TestDatabase
  let from: string
  let password: string
  beforeAll(async () => {
    project = copyProject()
    keydesk = await startKeydesk({ ...deskSettings, USAGE_FLUSH_INTERVAL: '1s' })
    target = await createTestDatabaseOn(18)
    from = keydesk.database.url
    password = new URL(target.url).password
  })
  afterAll(async () => {
    await keydesk?.close()
    await target?.drop()
    project?.remove()
  })

  const compiled = [process.execPath, 'dist/src/migrate-to-postgres.js']
  const run = (parameters: readonly string[], settings: Record<string, string> = {}, command = compiled) =>
    spawnProcess([...command, ...parameters], settings, project.folder).ended

  function expectRefused(ending: Ending, because: RegExp): void {
    expect(ending.stderr).toMatch(because)
    expect(ending.code).toBe(1)
    expect(ending.stderr).not.toMatch(/\n {4}at /)
    expect(ending.stdout + ending.stderr).not.toContain(password)
  }

  test('moves a Keydesk up: tried while it runs, done when it has stopped, and every key goes on as before', async () => {
    const desk = await createDesk(keydesk)
    const [first = '', second = ''] = await desk.mintMany(2)
    expect(await desk.codeFor(first)).toBe('valid')
    const npm = ['npm', 'run', 'migrate:to-postgres', '--']
    const tried = await run(['--from', from], { DATABASE_URL: target.url }, npm)
    expect(tried.code).toBe(0)
    expect(tried.stdout).toMatch(/^ {2}api_keys +2 rows$/m)
    expect(tried.stdout).toMatch(/^ {2}users +1 row$/m)
    expect(tried.stdout).toMatch(/Done in [\d.]+ s\. Every table was read back/)
    expect(tried.stdout).toMatch(/same PROXY_MASTER_KEY/)
    expect(tried.stdout + tried.stderr).not.toContain(password)

    const later = await desk.mint()
    await desk.revoke(second)
    keydesk.process().signal('SIGTERM')
    expect((await keydesk.process().ended).code).toBe(0)
    const file = join(project.folder, 'database-url')
    writeFileSync(file, `${target.url}\n`)
    const done = await run(['--from', from], { DATABASE_URL_FILE: file })
    expect(done.code).toBe(0)
    expect(done.stderr).toBe('')

    await keydesk.start({ DATABASE_URL: target.url })
    expect(await desk.codeFor(first)).toBe('valid')
    expect(await desk.codeFor(later)).toBe('valid')
    expect(await desk.codeFor(second)).toBe('revoked_key')
    expect((await keydesk.asAdmin(`/admin/keys/${later.split('_')[1]}`, { method: 'DELETE' })).status).toBe(
      204,
    )
    expectRefused(
      await run(['--from', from, '--to', target.url]),
      /^Stopped\. This Postgres was used on its own.*drop the database/,
    )
    expect(await desk.codeFor(later)).toBe('revoked_key')
  })

  test('--help says how, and does nothing', async () => {
    const ending = await run(['--help'])
    expect(ending).toMatchObject({ code: 0, stderr: '' })
    for (const word of ['--from', '--to', 'DATABASE_URL_FILE', 'refused'])
      expect(ending.stdout).toContain(word)
  })

  test.each<[string, (to: string) => string[], RegExp, Record<string, string>?]>([
    ['nothing at all', () => [], /^--from is missing: the SQLite file, as file:/],
    ['nowhere to copy to', () => ['--from', 'file:a.db'], /^Where to\? Set DATABASE_URL/],
    ['an unknown flag', (to) => ['--from', 'file:a.db', '--into', to], /^Known are --from, --to and --help/],
    ['a value without a flag', (to) => ['--from', 'file:a.db', to], /^Known are --from, --to and --help/],
    ['a flag without a value', () => ['--from', '--to', 'x'], /^Known are --from, --to and --help/],
    ['a flag twice', (to) => ['--from', 'file:a.db', '--to', to, '--to', to], /^--to is given twice/],
    ['a Postgres to copy from', (to) => ['--from', to, '--to', to], /^--from must look like file:/],
    ['a file without its file:', (to) => ['--from', 'a.db', '--to', to], /^--from must look like file:/],
    [
      'a file to copy to',
      () => ['--from', 'file:a.db', '--to', 'file:b.db'],
      /^--to: must look like postgres:/,
    ],
    [
      'the same file in DATABASE_URL',
      () => ['--from', 'file:a.db'],
      /^DATABASE_URL: must look like postgres:/,
      { DATABASE_URL: 'file:a.db' },
    ],
    [
      'a wrong parameter',
      (to) => ['--from', 'file:a.db', '--to', `${to}?sslmode=prefer`],
      /^--to: has sslmode=prefer/,
    ],
    [
      'a file that is not there',
      (to) => ['--from', 'file:none.db', '--to', to],
      /^Stopped\. The file \S+none\.db cannot be opened/,
    ],
    [
      'a file of DATABASE_URL that is not there',
      () => ['--from', 'file:a.db'],
      /^DATABASE_URL_FILE: the file cannot be read/,
      { DATABASE_URL_FILE: 'none' },
    ],
  ])('refuses %s, and says what to do', async (_, parameters, because, settings) => {
    expectRefused(await run(parameters(target.url), settings), because)
  })

  test('refuses a wrong password, and a server that is not there', async () => {
    const wrong = target.url.replace(password, 'another-pa55word')
    const ending = await run(['--from', from, '--to', wrong])
    expectRefused(ending, /cannot be opened\. The user or the password is not right/)
    expect(ending.stderr).not.toContain('another-pa55word')
    const nowhere = target.url.replace(/:\d+\//, ':1/')
    expectRefused(await run(['--from', from, '--to', nowhere]), /No server answers there/)
  })
})

import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runKeydesk, startKeydesk } from '../support/keydesk-process.ts'

/** The user "nobody": root would not be stopped by permissions. */
const nobody = 65_534

describe.concurrent('a start that is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-refused-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const goodSettings = () => ({
    PORT: '0',
    AUTH_BASE_URL: 'http://localhost:3000',
    PROXY_MASTER_KEY: randomBytes(32).toString('hex'),
    DATABASE_URL: `file:${folder}/${randomBytes(4).toString('hex')}.db`,
  })

  test('bad settings: exit 1, all problems in one list, and no value of a secret in it', async () => {
    const secrets = {
      PROXY_MASTER_KEY: 'f00dFACE-short',
      PROXY_MASTER_KEY_PREVIOUS: 'previous-short-7731',
      GOOGLE_CLIENT_SECRET: 'GOCSPX-changeme-4411',
      DATABASE_URL: 'postgres://keydesk:pa55w0rd-9@db/keydesk?sslmode=prefer',
    }
    const ending = await runKeydesk({
      ...secrets,
      PORT: '70000',
      AUTH_BASE_URL: 'http://keys.example.com',
      GOOGLE_CLIENT_ID: 'some-client',
      ALLOWED_DOMAINS: '*.example.com',
      ADMIN_EMAILS: 'not-an-email',
      SSO_KEY_TTL: 'forever',
      LOG_LEVEL: 'loud',
    })
    expect(ending.code).toBe(1)
    const lines = ending.stderr.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^Keydesk cannot start: some settings are not right/)
    const named = lines.slice(1).map((line) => /^ {2}- ([A-Z_]+): ./.exec(line)?.[1])
    for (const name of [
      ...['PORT', 'AUTH_BASE_URL', 'PROXY_MASTER_KEY', 'PROXY_MASTER_KEY_PREVIOUS', 'DATABASE_URL'],
      ...['ALLOWED_DOMAINS', 'ADMIN_EMAILS', 'SSO_KEY_TTL', 'LOG_LEVEL'],
    ])
      expect(named).toContain(name)
    expect(named).not.toContain(undefined)
    expect(ending.stderr).toContain('openssl rand -hex 32')
    for (const secret of [...Object.values(secrets), 'pa55w0rd'])
      expect(ending.stdout + ending.stderr).not.toContain(secret)
  })

  test('a sample client secret is refused too, once the rest is right', async () => {
    const secret = 'GOCSPX-changeme-4411'
    const ending = await runKeydesk({
      ...goodSettings(),
      GOOGLE_CLIENT_ID: 'some-client',
      GOOGLE_CLIENT_SECRET: secret,
    })
    expect(ending.code).toBe(1)
    expect(ending.stderr).toContain('GOOGLE_CLIENT_SECRET: looks like a sample value')
    expect(ending.stderr).not.toContain(secret)
  })

  test('no settings at all: exit 1, and what is required with the way to make it', async () => {
    const ending = await runKeydesk({})
    expect(ending.code).toBe(1)
    expect(ending.stderr).toContain('PROXY_MASTER_KEY: is required')
    expect(ending.stderr).toContain('AUTH_BASE_URL: is required')
    expect(ending.stderr).toContain('openssl rand -hex 32')
  })

  test('a database folder that cannot be written: exit 1, and a line that names the file and the reason', async () => {
    const locked = mkdtempSync(join(tmpdir(), 'keydesk-locked-'))
    chmodSync(locked, 0o555)
    const file = join(locked, 'data/keydesk.db')
    const ending = await runKeydesk(
      { ...goodSettings(), DATABASE_URL: `file:${file}` },
      process.getuid?.() === 0 ? { uid: nobody, cwd: '/' } : {},
    )
    rmSync(locked, { recursive: true, force: true })
    expect(ending.code).toBe(1)
    expect(ending.stderr).toContain(file)
    expect(ending.stderr).toMatch(/EACCES|permission/i)
    expect(ending.stderr).not.toMatch(/\n {4}at .*\n {4}at /)
  })

  test('a file that is not a database: exit 1, and the file is left as it was', async () => {
    const file = join(folder, 'letter.db')
    writeFileSync(file, 'Dear reader, this is a letter and not a database. '.repeat(50))
    const ending = await runKeydesk({ ...goodSettings(), DATABASE_URL: `file:${file}` })
    expect(ending.code).toBe(1)
    expect(ending.stderr).toContain(file)
    expect(ending.stderr).toContain('not a database')
  })

  test('a port that is taken: exit 1, and a line that names it', async () => {
    const first = await startKeydesk()
    const ending = await runKeydesk({ ...goodSettings(), PORT: String(first.port), HOST: '127.0.0.1' })
    await first.close()
    expect(ending.code).toBe(1)
    expect(ending.stderr).toContain('EADDRINUSE')
    expect(ending.stderr).toContain(String(first.port))
  })

  test('another master key than the one of the database: exit 1 and what to do, until the previous one is given', async () => {
    const gateway = await startKeydesk()
    const service = { AUTH_BASE_URL: gateway.url, DATABASE_URL: gateway.database.url, PORT: '0' }
    gateway.process().signal('SIGTERM')
    expect((await gateway.process().ended).code).toBe(0)
    const fresh = randomBytes(32).toString('hex')

    const refused = await runKeydesk({ ...service, PROXY_MASTER_KEY: fresh })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('PROXY_MASTER_KEY')
    expect(refused.stderr).toContain('PROXY_MASTER_KEY_PREVIOUS')
    for (const key of [fresh, gateway.masterKey]) expect(refused.stderr).not.toContain(key)

    const wrongPrevious = { PROXY_MASTER_KEY_PREVIOUS: randomBytes(32).toString('hex') }
    expect((await runKeydesk({ ...service, PROXY_MASTER_KEY: fresh, ...wrongPrevious })).code).toBe(1)

    await gateway.start({ PROXY_MASTER_KEY: fresh, PROXY_MASTER_KEY_PREVIOUS: gateway.masterKey })
    expect((await gateway.asAdmin('/admin/keys')).status).toBe(401)
    const asNewAdmin = () => gateway.fetch('/admin/keys', { headers: { authorization: `Bearer ${fresh}` } })
    expect((await asNewAdmin()).status).toBe(200)
    // Everything is wrapped under the new one now: the previous one is not needed any more, and opens nothing.
    await gateway.restart({ PROXY_MASTER_KEY: fresh })
    expect((await asNewAdmin()).status).toBe(200)
    gateway.process().signal('SIGTERM')
    await gateway.process().ended
    expect((await runKeydesk({ ...service, PROXY_MASTER_KEY: gateway.masterKey })).code).toBe(1)
    await gateway.close()
  })
})

import { writeSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStorage } from '../../src/storage/storage.ts'
import { type Authority, createCertificateFolder, hasOpenssl } from '../support/certificates.ts'
import { createDesk, deskSettings } from '../support/desk.ts'
import { startGateway } from '../support/gateway.ts'
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts'
import { createPostgresTestDatabase } from '../support/postgres-test-database.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'

const canMake = hasOpenssl()
if (!canMake && !process.env.CI)
  writeSync(1, 'Skipped "TLS to Postgres": there is no openssl. Install it with: apt-get install openssl\n')

/** What openStorage says when it refuses. */
async function refusalOf(url: string): Promise<string> {
  const opened = await openStorage(url).then(
    (storage) => storage,
    (error: Error) => error,
  )
  if (opened instanceof Error) return opened.message
  await opened.close()
  return 'opened'
}

describe.skipIf(!canMake && !process.env.CI)('TLS to Postgres', () => {
  const folder = createCertificateFolder()
  let ours: Authority
  let theirs: Authority
  let server: PostgresServer
  let database: TestDatabase
  beforeAll(async () => {
    ours = folder.authority('Our authority')
    theirs = folder.authority('Their authority')
    server = await startServer(['DNS:localhost', 'IP:127.0.0.1'])
    database = await createPostgresTestDatabase(server.adminUrl)
  })
  afterAll(async () => {
    await database?.drop()
    await server?.close()
    folder.remove()
  })

  function startServer(names: readonly string[], days?: number): Promise<PostgresServer> {
    const { certificateFile, keyFile } = ours.certify(names, days)
    return startPostgresServer({
      settings: { ssl: 'on', ssl_cert_file: certificateFile, ssl_key_file: keyFile },
    })
  }

  function urlWith(parameters: Record<string, string>, host = '127.0.0.1', base = database.url): string {
    const url = new URL(base)
    url.hostname = host
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return url.href
  }

  test.each([
    ['verify-full', '127.0.0.1'],
    ['verify-full', 'localhost'],
    ['verify-ca', '127.0.0.1'],
    ['require', 'localhost'],
  ])('sslmode=%s at %s encrypts every connection, and the feed is heard', async (sslmode, host) => {
    const url = urlWith({ sslmode, sslrootcert: ours.rootFile }, host)
    const beside = { database, masterKey: 'cQ8vN2xT5yHkR7mWzP4sLb9dJf3gAe6u' }
    const gateway = await startGateway({ ...deskSettings, DATABASE_URL: url }, { beside })
    try {
      const desk = await createDesk(gateway)
      const key = await desk.mint()
      expect(await desk.codeFor(key)).toBe('valid')
      await expect.poll(() => desk.metric('keydesk_feed_listening')).toBe(1)
      const encrypted = await database.rows(
        `SELECT DISTINCT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
          WHERE application_name = 'keydesk'`,
      )
      expect(encrypted).toEqual([{ ssl: 1, version: 'TLSv1.3' }])
    } finally {
      await gateway.close()
    }
  })

  test.each(['verify-full', 'verify-ca', 'require'])(
    'sslmode=%s refuses an authority that is not the one named, and says what to name',
    async (sslmode) => {
      const wrong: Record<string, string>[] = [{ sslmode }, { sslmode, sslrootcert: theirs.rootFile }]
      for (const parameters of wrong)
        expect(await refusalOf(urlWith(parameters))).toMatch(
          /cannot be opened\. The certificate of the server cannot be verified\..*\?sslrootcert=/,
        )
    },
  )

  test('a certificate of another name is refused, in every mode, and the message says that it is the name', async () => {
    const other = await startServer(['DNS:db.example.com'])
    try {
      const base = await other.database('elsewhere')
      for (const sslmode of ['verify-full', 'verify-ca', 'require'])
        for (const host of ['127.0.0.1', 'localhost'])
          expect(await refusalOf(urlWith({ sslmode, sslrootcert: ours.rootFile }, host, base))).toMatch(
            /certificate .* name/,
          )
    } finally {
      await other.close()
    }
  })

  test('a certificate for localhost does not do for an address', async () => {
    const other = await startServer(['DNS:localhost'])
    try {
      const base = await other.database('elsewhere')
      const parameters = { sslmode: 'verify-full', sslrootcert: ours.rootFile }
      expect(await refusalOf(urlWith(parameters, 'localhost', base))).toBe('opened')
      expect(await refusalOf(urlWith(parameters, '127.0.0.1', base))).toMatch(/certificate/)
    } finally {
      await other.close()
    }
  })

  test('a certificate that has expired is refused', async () => {
    const other = await startServer(['DNS:localhost', 'IP:127.0.0.1'], -1)
    try {
      const base = await other.database('elsewhere')
      const parameters = { sslmode: 'verify-full', sslrootcert: ours.rootFile }
      expect(await refusalOf(urlWith(parameters, 'localhost', base))).toMatch(/certificate .*expired/)
    } finally {
      await other.close()
    }
  })

  test('a server without TLS is refused, and the message says what to do', async () => {
    const plain = await createTestDatabaseOn(18)
    try {
      const said = await refusalOf(urlWith({ sslmode: 'verify-full' }, '127.0.0.1', plain.url))
      expect(said).toContain('The server does not speak TLS.')
      expect(said).toContain('?sslmode=disable')
      expect(said).not.toContain(new URL(plain.url).password)
    } finally {
      await plain.drop()
    }
  })

  test('a file that is not there is named', async () => {
    expect(await refusalOf(urlWith({ sslmode: 'verify-full', sslrootcert: '/nowhere/ca.pem' }))).toBe(
      'The file /nowhere/ca.pem of the database URL cannot be read.',
    )
  })
})

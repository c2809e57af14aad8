import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomText } from '../../src/domain/random-text.ts'
import { openStorage } from '../../src/storage/storage.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const storageModule = new URL('../../src/storage/storage.ts', import.meta.url).href

describe('opening a SQLite file', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keydesk-open-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const newFile = () => join(folder, randomText(8), 'deep', 'keydesk.db')

  test('makes its folder for its owner alone, and pings', async () => {
    const file = newFile()
    const storage = await openStorage(`file:${file}`)
    await storage.ping()
    expect(statSync(join(file, '..')).mode & 0o077).toBe(0)
    await storage.close()
  })

  test('sets WAL, and what was acknowledged survives a power cut', async () => {
    const file = newFile()
    const storage = await openStorage(`file:${file}`)
    const client = new Sqlite(file)
    expect(client.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(client.pragma('integrity_check', { simple: true })).toBe('ok')
    client.close()
    await storage.close()
  })

  test('opens again and again without migrating anew', async () => {
    const file = newFile()
    for (let round = 0; round < 3; round += 1) await (await openStorage(`file:${file}`)).close()
    const client = new Sqlite(file, { readonly: true })
    const hashes = client.prepare<[], string>('SELECT hash FROM schema_migrations').pluck().all()
    expect(new Set(hashes).size).toBe(hashes.length)
    client.close()
  })

  test('two connections of one process migrate at once: both work', async () => {
    const url = `file:${newFile()}`
    const storages = await Promise.all([openStorage(url), openStorage(url), openStorage(url)])
    for (const storage of storages) await storage.ping()
    for (const storage of storages) await storage.close()
  })

  test('six processes migrate 10 new files at once: all start every time, and every table is made once', async () => {
    const files = Array.from({ length: 10 }, newFile)
    for (const file of files) mkdirSync(join(file, '..'), { recursive: true })
    // All wait for the same moments, so that they meet.
    const script = `
      const { openStorage } = await import(${JSON.stringify(storageModule)})
      let moment = ${Date.now() + 2500}
      for (const file of ${JSON.stringify(files)}) {
        moment += 50
        await new Promise((resolve) => setTimeout(resolve, moment - Date.now() - 3))
        while (Date.now() < moment);
        const storage = await openStorage('file:' + file)
        await storage.ping()
        await storage.close()
      }
      console.log('started')`
    const started = await Promise.all(
      Array.from({ length: 6 }, () =>
        run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]),
      ),
    )
    expect(started.map(({ stdout }) => stdout.trim())).toEqual(Array(6).fill('started'))
    for (const file of files) {
      const client = new Sqlite(file, { readonly: true })
      const hashes = client.prepare<[], string>('SELECT hash FROM schema_migrations').pluck().all()
      expect(hashes.length).toBeGreaterThan(0)
      expect(new Set(hashes).size).toBe(hashes.length)
      client.close()
    }
  })

  test('a new file that another process is writing to is waited for, not given up', async () => {
    const file = newFile()
    mkdirSync(join(file, '..'), { recursive: true })
    // A write lock on a file that is not in WAL mode yet: what a process holds that starts at the same time.
    const script = `
      import Sqlite from 'better-sqlite3'
      const client = new Sqlite(${JSON.stringify(file)})
      client.exec('BEGIN IMMEDIATE')
      console.log('held')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
      client.exec('COMMIT')`
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: root })
    await once(holder.stdout, 'data')
    const storage = await openStorage(`file:${file}`)
    await storage.ping()
    await storage.close()
  })

  test('a database that a newer version migrated is refused, and left as it is', async () => {
    const file = newFile()
    await (await openStorage(`file:${file}`)).close()
    const client = new Sqlite(file)
    client
      .prepare('INSERT INTO schema_migrations (made_at, hash) VALUES (?, ?)')
      .run(4_102_444_800_000, 'newer')
    await expect(openStorage(`file:${file}`)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('newer version'),
    })
    expect(
      client.prepare<[], number>('SELECT count(*) FROM schema_migrations').pluck().get(),
    ).toBeGreaterThan(1)
    client.prepare("DELETE FROM schema_migrations WHERE hash = 'newer'").run()
    client.close()
    await (await openStorage(`file:${file}`)).close()
  })

  test('a file that is no database, a folder and a place that cannot be written are unavailable, by name', async () => {
    const garbage = join(folder, 'garbage.db')
    writeFileSync(garbage, 'this is not a database, and long enough to be read as one'.repeat(50))
    const blocked = join(folder, 'file-not-folder')
    writeFileSync(blocked, '')
    chmodSync(blocked, 0o600)
    for (const file of [garbage, folder, join(blocked, 'keydesk.db')]) {
      await expect(openStorage(`file:${file}`)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(file),
      })
    }
  })
})

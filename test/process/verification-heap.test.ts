import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newSessionSecret, sessionSecretHash } from '../../src/domain/session-secret.ts'
import { createDesk, type Desk, deskSettings, idOf } from '../support/desk.ts'
import { type KeydeskProcess, startKeydesk } from '../support/keydesk-process.ts'
import { askForShared } from '../support/shared.ts'
import { createWarmClient } from '../support/warm-client.ts'

const keysCount = 20
const verificationsCount = 1000
/** Of any 20 characters in a row, ten are a whole piece. */
const pieceLength = 10

describe('the heap of a process that has verified 20 keys 1,000 times, and 20 sessions as well', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-heap-'))
  // A word that the process must know: it is in the metadata of a key that it remembers.
  const planted = `planted${randomBytes(12).toString('hex')}`
  let gateway: KeydeskProcess
  let desk: Desk
  let keys: string[]
  let sessions: string[]
  let heap: string
  let client: ReturnType<typeof createWarmClient> | undefined
  beforeAll(async () => {
    gateway = await startKeydesk(deskSettings, {
      command: [
        process.execPath,
        '--heapsnapshot-signal=SIGUSR2',
        // Longer texts would be cut, and what is behind the cut not found.
        '--heap-snapshot-string-limit=10000000',
        await askForShared('compiled-main'),
      ],
      cwd: folder,
    })
    desk = await createDesk(gateway)
    keys = [await desk.mint({ metadata: { planted } }), ...(await desk.mintMany(keysCount - 1))]
    // As refusals: with another secret of the same id, cut, and where a key does not belong.
    for (const key of keys) {
      await desk.codeFor(`${key.slice(0, -1)}x`)
      await desk.codeFor(key.slice(0, -3))
      await desk.codeFor(key, `?scope=${key}`)
      await gateway.fetch('/v1/validate', { headers: { authorization: `Bearer ${key}` } })
      await gateway.fetch(`/${key}`)
    }
    // Its connections stay open: what hangs on them counts too.
    client = createWarmClient(gateway.port, 8)
    const { ask } = client
    for (let from = 0; from < verificationsCount; from += 8) {
      const asked = Array.from({ length: 8 }, (_, n) => keys[(from + n) % keysCount] ?? '')
      for (const { code } of await Promise.all(asked.map((key) => ask(key)))) expect(code).toBe('valid')
    }
    sessions = await beginSessions()
    for (let round = 0; round < 10; round += 1)
      for (const cookie of sessions) {
        const answer = await gateway.fetch('/auth/session', { headers: { cookie } })
        expect(answer.status).toBe(200)
        await gateway.fetch(`/${cookie}`, { headers: { cookie: `${cookie}x` } })
      }
    heap = await snapshot()
  })
  afterAll(async () => {
    client?.close()
    await gateway?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Cookies of sessions that are written behind the back of the process, so that it hears of the values only here. */
  async function beginSessions(): Promise<string[]> {
    const { database } = gateway
    const at = new Date()
    const end = new Date(at.getTime() + 3_600_000)
    await database.change(
      `INSERT INTO users (id, kind, email, name, role, groups, status, version, created_at, updated_at)
       VALUES ('usr_heap', 'service', NULL, 'Heap', 'member', '[]', 'active', 1, ?, ?)`,
      at,
      at,
    )
    const values = Array.from({ length: 20 }, newSessionSecret)
    for (const [n, value] of values.entries())
      await database.change(
        `INSERT INTO sessions (id, user_id, provider, secret_hash, created_at, last_seen_at, expires_at)
         VALUES (?, 'usr_heap', 'google', ?, ?, ?, ?)`,
        `ses_heap${n}`,
        sessionSecretHash(value),
        at,
        at,
        end,
      )
    return values.map((value) => `__Host-keydesk=${value}`)
  }

  /** What lies on the heap once everything that can go has gone, as text. */
  async function snapshot(): Promise<string> {
    gateway.process().signal('SIGUSR2')
    const files = () => readdirSync(folder).filter((name) => name.endsWith('.heapsnapshot'))
    await vi.waitFor(() => expect(files()).toHaveLength(1), { timeout: 20_000, interval: 100 })
    const file = join(folder, files()[0] ?? '')
    // It is written in one go, in which nothing else is answered.
    expect((await gateway.fetch('/healthz')).status).toBe(200)
    expect(statSync(file).size).toBeGreaterThan(1_000_000)
    const text = readFileSync(file, 'latin1')
    expect(text.trimEnd().endsWith('}')).toBe(true)
    return text
  }

  const piecesOf = (text: string) =>
    Array.from({ length: Math.floor(text.length / pieceLength) }, (_, n) =>
      text.slice(n * pieceLength, (n + 1) * pieceLength),
    )

  test('is searched by a search that finds what is there: a planted word, every piece of it, and the ids', () => {
    expect(heap.includes(planted)).toBe(true)
    for (const piece of piecesOf(planted)) expect(heap.includes(piece)).toBe(true)
    for (const key of keys) expect(heap.includes(idOf(key)), 'the id of a remembered key').toBe(true)
    for (const n of sessions.keys()) expect(heap.includes(`ses_heap${n}`), 'a remembered session').toBe(true)
  })

  test('holds no value of a cookie, and no 20 characters of one in a row', () => {
    const found: string[] = []
    for (const [n, cookie] of sessions.entries())
      for (const [at, piece] of piecesOf(cookie.slice('__Host-keydesk='.length)).entries())
        if (heap.includes(piece)) found.push(`session ${n}, piece ${at}`)
    expect(found).toEqual([])
  })

  test('holds no key text', () => {
    const found = keys.flatMap((key, n) => (heap.includes(key) ? [`key ${n}`] : []))
    expect(found).toEqual([])
    expect(heap.match(/kd_[0-9A-Za-z]{12}_[0-9A-Za-z]{20}/g) ?? []).toHaveLength(0)
  })

  test('holds no part of a secret: no 20 characters of one in a row', () => {
    const found: string[] = []
    for (const [n, key] of keys.entries()) {
      const secret = key.slice(16)
      for (const [at, piece] of piecesOf(secret).entries())
        if (heap.includes(piece)) found.push(`key ${n}, piece ${at}`)
    }
    expect(found).toEqual([])
  })
})

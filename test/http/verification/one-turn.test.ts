import { connect, type Socket } from 'node:net'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { portOf } from '../../support/warm-client.ts'

/**
 * Everything here happens within one turn of the event loop, and quickly: the time in which looks may be shared. Only
 * SQLite can be changed within a turn, so this is not for Postgres.
 */
describe('a change by another process in the very turn in which another request is answered', () => {
  let desk: Desk
  let other: Sqlite.Database
  /** Called by the next verification that is judged, after it has looked at the database. */
  let whileJudging: (() => void) | undefined
  beforeAll(async () => {
    desk = await startDesk(
      {},
      {
        now: () => {
          const hook = whileJudging
          whileJudging = undefined
          hook?.()
          return new Date()
        },
      },
    )
    other = new Sqlite(desk.gateway.database.file)
    other.pragma('synchronous = OFF')
  })
  afterAll(async () => {
    other?.close()
    await desk?.close()
  })

  const requestFor = (key: string) =>
    `GET /v1/validate HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\n\r\n`
  const half = requestFor('').indexOf('X-API-Key')

  async function openLine() {
    const socket: Socket = connect(portOf(desk.gateway), '127.0.0.1')
    socket.setNoDelay(true)
    let seen = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      seen += text
    })
    await new Promise<void>((connected) => socket.once('connect', connected))
    const statuses = () => seen.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => line.slice(-3)) ?? []
    return {
      write: (text: string) => void socket.write(text),
      statuses: async (count: number) => {
        await vi.waitFor(() => expect(statuses()).toHaveLength(count), { timeout: 5000, interval: 2 })
        return statuses()
      },
      close: () => socket.destroy(),
    }
  }

  test.each<[string, (key: string) => string, (key: string) => string]>([
    ['whole', () => '', requestFor],
    [
      'of which half came before',
      (key) => requestFor(key).slice(0, half),
      (key) => requestFor(key).slice(half),
    ],
    ['before which an empty line came', () => '\r\n', requestFor],
    ['behind one that was answered in the same turn', requestFor, requestFor],
  ])('is seen by a request that is sent after it, %s', async (_, early, late) => {
    const key = await desk.mint()
    const revoke = other.prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ?')
    for (let round = 0; round < 25; round += 1) {
      revoke.run(null, idOf(key))
      expect(await desk.codeFor(key)).toBe('valid')
      const [line, neighbour] = [await openLine(), await openLine()]
      await new Promise((resolve) => setTimeout(resolve, 5))
      whileJudging = () => {
        revoke.run(1, idOf(key))
        line.write(late(key))
      }
      neighbour.write(requestFor(key))
      if (early(key) !== '') line.write(early(key))
      const expected = early(key) === requestFor(key) ? 2 : 1
      expect((await line.statuses(expected)).at(-1), `round ${round}`).toBe('401')
      expect(await neighbour.statuses(1)).toHaveLength(1)
      line.close()
      neighbour.close()
    }
  })
})

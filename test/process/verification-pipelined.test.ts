import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { idOf } from '../support/desk.ts'
import { type DeskPair, startDeskPair } from '../support/desk-pair.ts'
import { testEngine } from '../support/test-database.ts'

describe('requests on one connection that do not wait for each other', () => {
  let pair: DeskPair
  beforeAll(async () => {
    pair = await startDeskPair()
  })
  afterAll(() => pair?.close())

  /** A connection to the second process, and the status lines that came back over it. */
  async function openLine() {
    const socket: Socket = connect(pair.secondProcess.port, '127.0.0.1')
    socket.setNoDelay(true)
    const chunks: string[] = []
    socket.setEncoding('latin1').on('data', (text: string) => void chunks.push(text))
    await new Promise<void>((connected) => socket.once('connect', connected))
    const codes = () =>
      chunks
        .join('')
        .split('HTTP/1.1 ')
        .slice(1)
        .map((answer) => /"code":"([a-z_]+)"/.exec(answer)?.[1] ?? answer.slice(0, 3))
    return {
      socket,
      answers: async (count: number) => {
        await vi.waitFor(() => expect(codes()).toHaveLength(count), { timeout: 5000, interval: 2 })
        return codes()
      },
    }
  }

  const requestFor = (key: string) =>
    `GET /v1/validate HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\n\r\n`

  test('are each answered, in their order, also when they came in one write', async () => {
    const [good, other] = [await pair.first.mint(), await pair.first.mint()]
    await pair.second.validate(good)
    await pair.first.revoke(other)
    const line = await openLine()
    line.socket.write([good, other, good, `${good}x`, good].map(requestFor).join(''))
    expect(await line.answers(5)).toEqual(['200', 'revoked_key', '200', 'invalid_key', '200'])
    line.socket.destroy()
  })

  test('are refused when they were written after the revocation was acknowledged, whatever came before them', async () => {
    for (const key of await pair.first.mintMany(40)) {
      await pair.second.validate(key)
      const line = await openLine()
      line.socket.write(requestFor(key).repeat(2))
      if (Math.random() < 0.5) await line.answers(2)
      await pair.first.sql('UPDATE api_keys SET revoked_at = ? WHERE id = ?', new Date(1), idOf(key))
      line.socket.write(requestFor(key))
      const codes = await line.answers(3)
      expect(codes[2]).toBe('revoked_key')
      line.socket.destroy()
    }
  })

  test('are refused after the revocation also when the process reads both at once, having stood still', async () => {
    // On Postgres a process that stands still is waited for until its trust in its memory has lapsed.
    const rounds = testEngine === 'postgres' ? 3 : 20
    for (const key of await pair.first.mintMany(rounds)) {
      await pair.second.validate(key)
      const [line, neighbour] = [await openLine(), await openLine()]
      pair.secondProcess.process().signal('SIGSTOP')
      try {
        line.socket.write(requestFor(key))
        neighbour.socket.write(requestFor(key))
        await pair.first.sql('UPDATE api_keys SET revoked_at = ? WHERE id = ?', new Date(1), idOf(key))
        line.socket.write(requestFor(key))
      } finally {
        pair.secondProcess.process().signal('SIGCONT')
      }
      expect((await line.answers(2))[1]).toBe('revoked_key')
      for (const { socket } of [line, neighbour]) socket.destroy()
    }
  })
})

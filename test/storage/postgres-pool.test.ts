import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BoundedPool, createBoundedPool, readConnection } from '../../src/storage/postgres-pool.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'

const totalMs = 1500
const limits = { max: 1, connectMs: 1000, totalMs }

describe('a pool in which nothing waits forever', () => {
  let database: TestDatabase
  const opened: { close(): unknown }[] = []
  beforeAll(async () => {
    database = await createTestDatabaseOn(18)
  })
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close()
  })
  afterAll(() => database.drop())

  function openPool(url = database.url): BoundedPool {
    const pool = createBoundedPool(readConnection(url), limits)
    opened.push({ close: () => pool.end() })
    return pool
  }
  const one = (pool: BoundedPool) =>
    pool.use(async (client) => (await client.query('SELECT 1 AS n')).rows[0].n)
  async function msOf(work: Promise<unknown>): Promise<number> {
    const begunAt = performance.now()
    await expect(work).rejects.toThrow(/not done within 1500 ms/)
    return performance.now() - begunAt
  }

  test('gives up work that never ends, and has the connection for the next', async () => {
    const pool = openPool()
    expect(await msOf(pool.use(() => new Promise(() => {})))).toBeLessThan(2 * totalMs)
    expect(await one(pool)).toBe(1)
  })

  test('gives up a statement that the server carries on with, and who waited behind it is answered', async () => {
    const pool = openPool()
    const slow = msOf(pool.use((client) => client.query('SET statement_timeout = 0; SELECT pg_sleep(60)')))
    await expect(one(pool)).rejects.toThrow()
    expect(await slow).toBeLessThan(2 * totalMs)
    expect(await one(pool)).toBe(1)
  })

  test('answers who gets a connection that fell silent in the middle of a refusal, and the others after them', async () => {
    const server = await startServerThatFallsSilent(new URL(database.url))
    opened.push(server)
    const pool = openPool(server.url)
    await expect(pool.use((client) => client.query('SELECT 1 / 0'))).rejects.toThrow('division by zero')
    expect(await msOf(one(pool))).toBeLessThan(2 * totalMs)
    expect(await one(pool)).toBe(1)
  })
})

/** The real server, but a connection on which it refuses a statement says nothing after the words of the refusal. */
async function startServerThatFallsSilent(behind: URL) {
  const readyForQuery = 6
  const ends = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(Number(behind.port), behind.hostname)
    let isSilent = false
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => {
      if (isSilent) return
      isSilent = bytes.includes('division by zero')
      near.write(isSilent ? bytes.subarray(0, -readyForQuery) : bytes)
    })
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.on('close', () => far.destroy())
    far.on('close', () => isSilent || near.destroy())
    ends.add(near)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = new URL(behind)
  url.port = String((server.address() as AddressInfo).port)
  const close = () => {
    for (const end of ends) end.destroy()
    server.close()
  }
  return { url: url.href, close }
}

import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBoundedFetch } from '../../src/sso/bounded-fetch.ts'

const limit = 256 * 1024
const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024))
const refused = { code: 'provider_error', reason: 'provider_unreachable' }

describe('a bounded fetch', () => {
  let server: Server
  let url = ''
  let abandoned = 0
  const answers: Record<string, RequestListener> = {
    '/limit': (_, response) => response.end('x'.repeat(limit)),
    '/over': (_, response) => response.end('x'.repeat(limit + 1)),
    '/length-lies': (_, response) =>
      response.writeHead(200, { 'content-length': limit * 10 }).write('x'.repeat(limit + 1)),
    '/endless': (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    },
    '/bomb': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    '/hang': () => undefined,
    '/trickle': (_, response) => {
      const timer = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(timer))
    },
    '/slow-but-right': (_, response) => {
      response.write('{')
      setTimeout(() => response.end('}'), 300)
    },
    '/cut': (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('x')
      setTimeout(() => response.destroy(), 50)
    },
    ...Object.fromEntries(
      [301, 302, 303, 307, 308].map(
        (status) =>
          [
            `/redirect/${status}`,
            (_: unknown, response) => response.writeHead(status, { location: '/limit' }).end(),
          ] as [string, RequestListener],
      ),
    ),
  }
  beforeAll(async () => {
    server = createServer((request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) abandoned += 1
      })
      answers[request.url ?? '']?.(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const boundedFetch = createBoundedFetch(1)

  test('takes 256 KiB and not a byte more, whatever length was announced', async () => {
    expect((await boundedFetch(`${url}/limit`)).body).toHaveLength(limit)
    for (const path of ['/over', '/length-lies', '/endless'])
      await expect(boundedFetch(url + path)).rejects.toMatchObject(refused)
  })

  test('counts what a compressed answer unpacks to', async () => {
    await expect(boundedFetch(`${url}/bomb`)).rejects.toMatchObject(refused)
  })

  test('follows no redirect', async () => {
    for (const status of [301, 302, 303, 307, 308])
      await expect(boundedFetch(`${url}/redirect/${status}`)).rejects.toMatchObject(refused)
  })

  test('refuses an answer that ends too early, and a server that is not there', async () => {
    await expect(boundedFetch(`${url}/cut`)).rejects.toMatchObject(refused)
    await expect(boundedFetch('http://127.0.0.1:9/')).rejects.toMatchObject(refused)
  })

  test('waits for a slow answer within its time', async () => {
    expect(await boundedFetch(`${url}/slow-but-right`)).toMatchObject({ status: 200, body: '{}' })
  })

  test.each([
    ['no answer', '/hang'],
    ['an answer without end', '/trickle'],
  ])(
    'ends %s after its time, also when the garbage collector has run, and closes the connection',
    async (_, path) => {
      // undici holds the signal of a running fetch weakly (nodejs/undici#3644).
      setFlagsFromString('--expose-gc')
      const collect = runInNewContext('gc') as () => void
      const timer = setInterval(collect, 100)
      const before = abandoned
      const begunAt = performance.now()
      try {
        await expect(boundedFetch(url + path)).rejects.toMatchObject(refused)
        expect(performance.now() - begunAt).toBeLessThan(2000)
        await expect.poll(() => abandoned, { timeout: 1000 }).toBeGreaterThan(before)
      } finally {
        clearInterval(timer)
      }
    },
    4000,
  )

  test('puts no header value into an error: it may be a token', async () => {
    const headers = { authorization: 'Bearer c2VjcmV0\r\nX-Evil: 1' }
    const error = await boundedFetch(`${url}/limit`, { headers }).catch((caught: Error) => caught)
    expect(error).toMatchObject({ code: 'provider_error' })
    expect(String((error as Error).message) + String((error as Error).cause)).not.toContain('c2VjcmV0')
  })
})

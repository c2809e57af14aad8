import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { navigationHeaders, type ProxyAnswer, webSocketHeaders } from '../support/proxies/ask.ts'
import { type ProtectedApp, startProtectedApp } from '../support/proxies/protected-app.ts'
import { describeBehind, type ProxyName } from '../support/proxies/proxy-process.ts'
import { signInForSession } from '../support/signed-in.ts'

const proxies: readonly ProxyName[] = ['nginx', 'caddy']

describeBehind(proxies, 'a proxy denies', () => {
  describe.each(proxies)('%s', (name) => {
    const opened: { close(): Promise<void> }[] = []
    afterAll(async () => {
      for (const one of opened) await one.close()
    })

    async function start(options: Parameters<typeof startProtectedApp>[1] = {}): Promise<ProtectedApp> {
      const it = await startProtectedApp(name, options)
      opened.push(it)
      return it
    }

    /** With a good key, as a browser, with a WebSocket and with nothing: none of them gets to the app. */
    async function expectDenied(it: ProtectedApp, key: string, isRight: (answer: ProxyAnswer) => void) {
      const before = it.app.received.length
      for (const headers of [
        [['X-API-Key', key]],
        [['Authorization', `Bearer ${key}`]],
        [...navigationHeaders, ['Cookie', `__Secure-keydesk-app=${'x'.repeat(43)}`]],
        [...webSocketHeaders, ['X-API-Key', key]],
        [],
      ] as const) {
        isRight(await it.ask('/', { headers }))
      }
      expect(it.app.received.length).toBe(before)
    }

    test('with 429 and how long to wait, what came too often', async () => {
      const it = await start()
      const key = await it.desk.mint({ rate_limit: { limit: 2, window_seconds: 60 } })
      await it.reach('/', { headers: [['X-API-Key', key]] })
      await it.reach('/', { headers: [['X-API-Key', key]] })
      const refused = await it.ask('/', { headers: [['X-API-Key', key]] })
      expect(refused.status).toBe(429)
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'rate_limited', status: 429 })
      expect(it.app.received.length).toBe(2)
    })

    test('with 503 whatever was good, while the database of Keydesk is gone, and lets it through again after', async () => {
      const it = await start()
      const key = await it.desk.mint()
      const { appSecret } = await signInForSession(it, 'alice@example.com')
      const withKey = { headers: [['X-API-Key', key]] as const }
      const withSession = { headers: [['Cookie', `__Secure-keydesk-app=${appSecret}`]] as const }
      for (const question of [withKey, withSession]) await it.reach('/', question)
      await it.desk.sql('ALTER TABLE users RENAME TO taken_away')
      for (const question of [
        withKey,
        withSession,
        { headers: [...navigationHeaders, ...withSession.headers] },
      ]) {
        const refused = await it.ask('/', question)
        expect([refused.status, refused.headers.location]).toEqual([503, undefined])
        expect(refused.body).toContain('unavailable')
      }
      expect(it.app.received.length).toBe(2)
      await it.desk.sql('ALTER TABLE taken_away RENAME TO users')
      for (const question of [withKey, withSession]) await it.reach('/', question)
    })

    test('everything, while Keydesk is stopped', async () => {
      const it = await start()
      const key = await it.desk.mint()
      await it.reach('/', { headers: [['X-API-Key', key]] })
      await it.stopKeydesk()
      await expectDenied(it, key, ({ status }) => expect(status).toBeGreaterThanOrEqual(500))
      // What is written down of it holds no key.
      expect(it.proxy.log()).not.toContain(key)
    })

    test('everything within seconds, while Keydesk takes connections and does not answer', async () => {
      const silent = await startSilentServer()
      opened.push(silent)
      const it = await start({ keydeskPort: silent.port })
      const key = await it.desk.mint()
      const before = performance.now()
      const answers = await Promise.all([
        it.ask('/', { headers: [['X-API-Key', key]] }),
        it.ask('/', { headers: navigationHeaders }),
        it.ask('/', { headers: [...webSocketHeaders, ['X-API-Key', key]] }),
        it.ask('/', { method: 'POST', body: 'x'.repeat(100_000), headers: [['X-API-Key', key]] }),
      ])
      expect(answers.every(({ status }) => status >= 500)).toBe(true)
      // 3 s in the files; a busy machine may take its time.
      expect(performance.now() - before).toBeLessThan(8000)
      expect(it.app.received).toEqual([])
      expect(it.proxy.log()).not.toContain(key)
    })
  })
})

/** Takes connections and says nothing. */
async function startSilentServer() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createCookieJar, pathOf } from '../support/browser-like.ts'
import { type KeydeskProcess, startKeydesk } from '../support/keydesk-process.ts'
import { signInSettings, testClient } from '../support/sign-in.ts'
import { authorizeAt, startWrongIssuer, type WrongIssuer } from '../support/wrong-issuer.ts'

describe.concurrent('a signal', () => {
  const open: { close(): Promise<void> }[] = []
  afterAll(async () => {
    for (const one of open) await one.close()
  })

  async function startBesideSlowProvider(providerTimeout: string) {
    const issuer = await startWrongIssuer(testClient)
    const gateway = await startKeydesk({
      ...signInSettings(issuer.issuer),
      PROVIDER_TIMEOUT: providerTimeout,
    })
    open.push(gateway, issuer)
    return { gateway, issuer }
  }

  /** A callback that waits for a provider that never answers: its answer, or how it failed. */
  async function beginSlowCallback(gateway: KeydeskProcess, issuer: WrongIssuer) {
    const jar = createCookieJar(gateway)
    const location = (await jar.fetch('/auth/login')).headers.get('location')
    const callback = pathOf(await authorizeAt(location ?? ''))
    issuer.behaviour.token = 'hang'
    return jar.fetch(callback, { headers: { accept: 'text/html' } }).catch((error: Error) => error)
  }

  const refusesConnections = (gateway: KeydeskProcess) =>
    vi.waitFor(() => expect(gateway.fetch('/healthz')).rejects.toThrow('fetch failed'), 5000)

  test('SIGTERM lets a callback that waits for a slow provider finish, takes no new requests, and exits 0', async () => {
    const { gateway, issuer } = await startBesideSlowProvider('3s')
    const inFlight = beginSlowCallback(gateway, issuer)
    await vi.waitFor(() => expect(issuer.tokenRequests).toHaveLength(1), 10_000)
    gateway.process().signal('SIGTERM')
    await refusesConnections(gateway)
    const answer = await inFlight
    if (answer instanceof Error) throw answer
    expect(answer.status).toBe(502)
    expect(await answer.text()).toContain('Start again')
    const answeredAt = performance.now()
    expect(await gateway.process().ended).toMatchObject({ code: 0, signal: null })
    expect(performance.now() - answeredAt).toBeLessThan(2000)
  })

  test('a second signal leaves at once, with exit code 1', async () => {
    const { gateway, issuer } = await startBesideSlowProvider('30s')
    const inFlight = beginSlowCallback(gateway, issuer)
    await vi.waitFor(() => expect(issuer.tokenRequests).toHaveLength(1), 10_000)
    gateway.process().signal('SIGTERM')
    await refusesConnections(gateway)
    const secondAt = performance.now()
    gateway.process().signal('SIGTERM')
    expect((await gateway.process().ended).code).toBe(1)
    expect(performance.now() - secondAt).toBeLessThan(1000)
    expect(await inFlight).toBeInstanceOf(Error)
  })

  test.for(['SIGTERM', 'SIGINT'] as const)(
    '%s with idle kept connections ends it at once, exit 0',
    async (name) => {
      const gateway = await startKeydesk()
      open.push(gateway)
      const agent = new Agent({ keepAlive: true, maxSockets: 3 })
      const paths = ['/healthz', '/readyz', '/']
      for (const answer of await Promise.all(paths.map((path) => get(gateway, path, agent))))
        expect(answer.statusCode).toBe(200)
      const signalledAt = performance.now()
      gateway.process().signal(name)
      expect(await gateway.process().ended).toMatchObject({ code: 0, signal: null })
      expect(performance.now() - signalledAt).toBeLessThan(2000)
      agent.destroy()
    },
  )

  test('a connection that its client keeps after the last answer does not hold up the end', async () => {
    const { gateway, issuer } = await startBesideSlowProvider('3s')
    const agent = new Agent({ keepAlive: true })
    const login = await get(gateway, '/auth/login', agent)
    const [cookie = ''] = (login.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '')
    const callback = pathOf(await authorizeAt(login.headers.location ?? ''))
    issuer.behaviour.token = 'hang'
    const answering = get(gateway, callback, agent, { cookie })
    await vi.waitFor(() => expect(issuer.tokenRequests).toHaveLength(1), 10_000)
    gateway.process().signal('SIGTERM')
    expect((await answering).statusCode).toBe(502)
    const answeredAt = performance.now()
    expect((await gateway.process().ended).code).toBe(0)
    expect(performance.now() - answeredAt).toBeLessThan(2000)
    agent.destroy()
  })

  test('connections that never finish a request are cut after ten seconds, exit 0', async () => {
    const gateway = await startKeydesk()
    open.push(gateway)
    const silent = connect(gateway.port, '127.0.0.1')
    const halfSent = connect(gateway.port, '127.0.0.1')
    for (const socket of [silent, halfSent]) socket.on('error', () => undefined)
    halfSent.write('POST /v1/validate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{')
    // The next answer proves that the server has taken the two before it.
    expect((await gateway.fetch('/healthz')).status).toBe(200)
    const signalledAt = performance.now()
    gateway.process().signal('SIGTERM')
    expect((await gateway.process().ended).code).toBe(0)
    expect(performance.now() - signalledAt).toBeLessThan(11_500)
    silent.destroy()
    halfSent.destroy()
  })
})

/** GET over an agent's kept connections, which `fetch` does not let a test choose. */
function get(
  gateway: KeydeskProcess,
  path: string,
  agent: Agent,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    request({ host: '127.0.0.1', port: gateway.port, path, agent, headers }, (response) => {
      text(response).then(() => done(response), fail)
    })
      .once('error', fail)
      .end()
  })
}
